-- include Store/Prelude.lua
-- include Store/Generations.lua
-- include Jobs/JobIds.lua
-- include Jobs/MakeJobs.lua
-- include Schedules/Schedules.lua
-- Fires schedules that are still as the caller has read them: makes the job of an instant and moves on to the next one, in one
-- step, so that an instant makes one job whoever else fires. Called by ScheduleStore.FireAsync.
--
-- KEYS  as Prelude.lua; as Schedules.lua
-- ARGV  as Prelude.lua; then nineteen a schedule:
--       1 name, 2 the stamp that was read, 3 a new stamp
--       4 next       the instant after this one, ms; 0 for none
--       5 instant    ms: run-at of the job, also where it has passed
--       6 overlap    while the last job is pending or leased: allow to make one, skip to make none, replace to cancel the last one
--       7 make       "1" to make a job
--       then twelve of the job, as MakeJobs.lua; its run-at is the instant
-- Returns two integers a schedule: 1 fired, 2 moved on without a job, 0 no longer as it was read; and 1 where the job is now
--         the first of its priority.
-- Cost: O(log n) a schedule; at most 20.
local ARGS = 7 + JOB_ARGS
local records, names, last, seen = {}, {}, {}, {}
for i = arg, #ARGV, ARGS do names[#names + 1] = ARGV[i] end
for i, record in ipairs(call('HMGET', SCHEDULES, unpack(names))) do
  if record and stampOf(record) == ARGV[arg + ARGS * (i - 1) + 1] and not seen[names[i]] then
    records[i], seen[names[i]] = record, true
    last[#last + 1] = lastJobOf(record)
  end
end
load(last)

-- Cancels the last job of a schedule; where a worker holds it, it goes when the worker lets go.
local function cancel(job)
  for _, queue in ipairs(queues) do
    if queue.name == job.queue then
      if job.state == 'L' then
        change(job, queue)
        job.cancelled = true
      else
        count(queue, 'cancelled')
        remove(job, queue)
      end
    end
  end
end

local answers, writes = {}, {}
for i, name in ipairs(names) do
  local at = arg + ARGS * (i - 1)
  local record = records[i]
  local code, first = 0, 0
  if record then
    local before = loaded[lastJobOf(record)]
    local busy = before and (before.state == 'P' or before.state == 'L')
    local firedAt, lastJob = firedAtOf(record), lastJobOf(record)
    code = 2
    if ARGV[at + 6] == '1' and not (busy and ARGV[at + 5] == 'skip') then
      local spec = readJobs(at + 7, 1)[1]
      local instant = tonumber(ARGV[at + 4])
      if busy and ARGV[at + 5] == 'replace' then cancel(before) end
      local status, other = plan(spec, 0)
      if status == MADE then
        spec.runAt = instant
        local job = make(spec, other)
        code, first, firedAt, lastJob = 1, job.first, instant, job.id
      end
    end
    writes[#writes + 1] = name
    writes[#writes + 1] = moved(record, ARGV[at + 2], tonumber(ARGV[at + 3]), firedAt, lastJob)
  end
  answers[2 * i - 1], answers[2 * i] = code, first
end

-- The schedule says which job it has made before the job is there: see MakeJobs.lua.
if #writes > 0 then call('HSET', SCHEDULES, unpack(writes)) end
flushMade()
for i = 1, #writes, 2 do index(writes[i], writes[i + 1]) end
return answers
