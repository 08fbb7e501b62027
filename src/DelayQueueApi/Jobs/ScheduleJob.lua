-- include Store/Prelude.lua
-- include Store/Generations.lua
-- include Jobs/MakeJobs.lua
-- Makes jobs. Called by JobStore.ScheduleAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg       the longest that an idempotency key is known, ms
--       arg + 1   the most keys that are remembered in that time
--       then four a job, as MakeJobs.lua
-- Returns now, ms; the indexes of the queues that have a new first job of a priority; then for each job that is made its id and u16 the
--         most attempts that it has; else a list: an integer (2 made before under this key, 3 another job holds its unique key, -1 the
--         key belongs to another body, -2 another job holds its unique key and is in the way, -3 the queue is full, -4 a quota leaves no
--         room), the id of the job made before or in the way, "" for none, and run-at ms, enqueued-at ms and the most attempts of 2.
-- Cost: O(log n) a job; at most 100.
local jobs = maker(generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])))

local answers, firsts, told = { int(now), {} }, {}, {}
local function tell(queue, first)
  if first == 1 and not told[queue] then told[queue], firsts[#firsts + 1] = true, queue.index end
end

for at = arg + 2, #ARGV, JOB_ARGS do
  local answer, first, queue = jobs.makePlain(at)
  if answer then
    tell(queue, first)
  else
    local spec = jobs.readJobs(at, 1)[1]
    local status, job = jobs.plan(spec, 0)
    if status == MADE then
      job = jobs.make(spec, job)
      tell(job.inQueue, job.first)
      answer = job.id .. sub(job.times, 13, 14)
    else
      job = job or { id = '', runAt = 0, times = makeTimes(0, 0, 0, 0) }
      answer = { status, job.id, int(job.runAt), int(enqueuedAtOf(job)), maxAttemptsOf(job) }
    end
  end
  answers[#answers + 1] = answer
end
answers[2] = firsts
jobs.flush()
return answers
