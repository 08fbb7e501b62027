-- include Store/Prelude.lua
-- include Store/Generations.lua
-- include Jobs/MakeJobs.lua
-- Makes jobs. Called by JobStore.ScheduleAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg       the longest that an idempotency key is known, ms
--       arg + 1   the most keys that are remembered in that time
--       then five a job, as MakeJobs.lua
-- Returns now, ms; the indexes of the queues that have a new first job of a priority; then for each job that is made its id and u16 the
--         most attempts that it has; else a list: an integer (2 made before under this key, 3 another job holds its unique key, -1 the
--         key belongs to another body, -2 another job holds its unique key and is in the way, -3 the queue is full), the id of the job
--         made before or in the way, "" for none, and run-at ms, enqueued-at ms and the most attempts of 2.
-- Cost: O(log n) a job; at most 100.
local jobs = maker(generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])))

local answers, firsts, told = { int(now), {} }, {}, {}
for _, spec in ipairs(jobs.readJobs(arg + 2, (#ARGV - arg - 1) / JOB_ARGS)) do
  local status, job = jobs.plan(spec, 0)
  if status == MADE then
    job = jobs.make(spec, job)
    answers[#answers + 1] = job.id .. sub(job.times, 13, 14)
    if job.first == 1 and not told[job.queue] then
      told[job.queue], firsts[#firsts + 1] = true, job.inQueue.index
    end
  else
    job = job or { id = '', runAt = 0, times = makeTimes(0, 0, 0, 0) }
    answers[#answers + 1] = { status, job.id, int(job.runAt), int(enqueuedAtOf(job)), maxAttemptsOf(job) }
  end
end
answers[2] = firsts
jobs.flush()
return answers
