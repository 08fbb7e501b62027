-- include Store/Prelude.lua
-- include Jobs/Body.lua
-- include Jobs/NewJobs.lua
-- Makes jobs. Called by JobStore.ScheduleAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg       the longest that an idempotency key is known, ms
--       arg + 1   the most keys that are remembered in that time
--       then runs of jobs, as NewJobs.lua
-- Returns now, ms; the indexes of the queues that have a new first job of a priority; for each job 16 bytes: its id, and u16 the most
--         attempts that it has, zeros where it was not made; then for each that was not made a list: an integer (2 made before under this
--         key, 3 another job holds its unique key, -1 the key belongs to another body, -2 another job holds its unique key and is in the
--         way, -3 the queue is full, -4 a quota leaves no room), the id of the job made before or in the way, "" for none, and run-at ms,
--         enqueued-at ms and the most attempts of 2.
-- Cost: O(log n) a job; at most 100.
local answer, made = { now, {}, '' }, {}

-- What becomes of jobs that are not plain; most calls have none of them.
local all
local function defineAll()
  -- include Store/Work.lua
  -- include Store/Generations.lua
  local idempotency = generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]))
  -- include Jobs/MakeJobs.lua
  local function schedule(run, i)
    local spec = specOf(run, i)
    local status, job = plan(spec, 0)
    if status == MADE then
      job = make(spec, job)
      made[#made + 1] = job.id .. sub(job.terms, 7, 8)
      return job.first
    end
    made[#made + 1] = NO_JOB .. '\0\0'
    job = job or { id = '', runAt = 0, terms = makeTerms(0, 0, 0) }
    answer[#answer + 1] = { status, job.id, int(job.runAt), int(enqueuedAtOf(job)), maxAttemptsOf(job) }
    return 0
  end
  return { schedule = schedule, flush = flushMade }
end

local at, told = arg + 2, {}
while at <= #ARGV do
  local run, i = readRun(at), 1
  while i <= run.n do
    local behind, first = makePlain(run, i, made)
    if behind == i then
      all = all or defineAll()
      behind, first = i + 1, all.schedule(run, i)
    end
    if first == 1 and not told[run.queue] then
      told[run.queue] = true
      table.insert(answer[2], run.queue.index)
    end
    i = behind
  end
  at = run.bodies + run.n + 1
end
if all then all.flush() else writeMade(write) end
answer[3] = table.concat(made)
return answer
