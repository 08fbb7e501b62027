-- include Store/Prelude.lua
-- include Store/Generations.lua
-- include Jobs/MakeJobs.lua
-- Makes jobs. Called by JobStore.ScheduleAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg       the longest that an idempotency key is known, ms
--       arg + 1   the most keys that are remembered in that time
--       then twelve a job, as MakeJobs.lua
-- Returns six a job: an integer (1 made, 2 made before under this key, 3 another job holds its unique key, -1 the key belongs to
--         another body, -2 another job holds its unique key and is in the way, -3 the queue is full); id of the job made, made
--         before or in the way, "" for none; run-at ms, enqueued-at ms and the most attempts of 1 and 2; for 1 an integer, 1 where
--         the job is now the first of its priority.
-- Cost: O(log n) a job; at most 100.
local jobs = maker(generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])))

local answers = {}
for _, spec in ipairs(jobs.readJobs(arg + 2, (#ARGV - arg - 1) / JOB_ARGS)) do
  local status, job = jobs.plan(spec, 0)
  local more = 0
  if status == MADE then
    job = jobs.make(spec, job)
    more = job.first
  end
  job = job or { id = '', runAt = 0, enqueuedAt = 0, maxAttempts = 0 }
  for _, value in ipairs({ status, job.id, int(job.runAt), int(job.enqueuedAt), job.maxAttempts, more }) do answers[#answers + 1] = value end
end
jobs.flush()
return answers
