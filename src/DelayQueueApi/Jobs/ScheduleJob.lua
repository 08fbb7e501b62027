-- include Store/Prelude.lua
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
local answer, made, told = { now, {}, '' }, {}, {}

-- Makes jobs that are not plain; most calls have none of them.
local all

local at = arg + 2
while at <= #ARGV do
  local run, isFirst = readRun(at), false
  local queue = run.queue
  if #run.head == HEAD and not settingsOf(queue).maxLength then
    -- Jobs in whose way nothing can be and that this call does not look at again: those without a head of their own, options and a bound of
    -- their queue. Most are like that, and it takes less time (docs/performance.md).
    if not idStart then startIds() end
    local args, from, tails, key, n, score = ARGV, run.records, run.tails, pendingOf(queue, run.priority), run.n, int(run.runAt)
    local ids, records, adds, bytes, start = {}, writes.records, listOf(writes.adds, key), 0, nil
    -- Records are stored as they came, but where they must tell terms, or a run-at that has passed.
    if run.terms ~= sub(idStart, 1, 6) .. USUAL_LIMITS then
      start = 'P' .. sub(run.head, 1, 1) .. '8' .. u48(run.runAt) .. run.terms
    elseif run.isPast then
      start = 'P' .. sub(run.head, 1, 1) .. '0' .. u48(run.runAt)
    end
    local r, a = #records, #adds
    for i = 1, n do
      local id, record = idStart .. sub(tails, TAIL * i - 5, TAIL * i), args[from + i]
      if start then record = start .. sub(record, HEADER + 1) end
      records[r + 1], records[r + 2], adds[a + 1], adds[a + 2], ids[i] = id, record, score, id, id
      r, a, bytes = r + 2, a + 2, bytes + #record
    end
    idLast, isFirst = byte(tails, TAIL * n - 5), becomesFirst(key, run.runAt)
    countAll(queue, 'created', ids, 1, n)
    queue.bytes = queue.bytes + bytes
    made[#made + 1] = table.concat(ids, run.attempts) .. run.attempts
  else
    if not all then
      -- include Store/Work.lua
      -- include Store/Generations.lua
      local idempotency = generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]))
      -- include Jobs/MakeJobs.lua
      all = { flush = flushMade }
      all.schedule = function(run, i)
        local spec = specOf(run, i)
        local status, job = plan(spec, 0)
        if status == MADE then
          job = make(spec, job)
          made[#made + 1] = job.id .. sub(job.terms, 7, 8)
          return job.isFirst
        end
        made[#made + 1] = NO_JOB .. '\0\0'
        job = job or { id = '', runAt = 0, terms = makeTerms(0, 0, 0) }
        answer[#answer + 1] = { status, job.id, int(job.runAt), int(enqueuedAtOf(job)), maxAttemptsOf(job) }
        return false
      end
    end
    for i = 1, run.n do isFirst = all.schedule(run, i) or isFirst end
  end
  if isFirst and not told[queue] then
    told[queue] = true
    table.insert(answer[2], queue.index)
  end
  at = run.records + run.n + 1
end
if all then all.flush() else writeMade(write) end
answer[3] = table.concat(made)
return answer
