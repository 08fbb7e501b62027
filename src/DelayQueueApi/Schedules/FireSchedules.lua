-- include Store/Prelude.lua
-- include Jobs/JobIds.lua
-- include Jobs/MakeJobs.lua
-- include Schedules/Schedules.lua
-- Fires schedules that are still as the caller has read them: makes the job of an instant and moves on to the next one, in one
-- step, so that an instant makes one job whoever else fires. Called by ScheduleStore.FireAsync.
--
-- KEYS  as Prelude.lua; as Schedules.lua
-- ARGV  as Prelude.lua; then twelve a schedule:
--       1 name, 2 the stamp that was read, 3 a new stamp
--       4 next       the instant after this one, ms; 0 for none
--       5 instant    ms: run-at of the job, also where it has passed
--       6 skip       "1" where no job is made while the last one is pending or leased
--       7 queue      index of its queue
--       8 priority, 9 random, 10 attempts, 11 lease ms, 12 body: as in ScheduleJob.lua; an empty body makes no job
-- Returns two integers a schedule: 1 fired, 2 moved on without a job, 0 no longer as it was read; and 1 where the job is now
--         the first of its priority.
-- Cost: O(log n) a schedule; at most 20.
local records, names, last, seen = {}, {}, {}, {}
for i = arg, #ARGV, 12 do names[#names + 1] = ARGV[i] end
for i, record in ipairs(call('HMGET', SCHEDULES, unpack(names))) do
  if record and stampOf(record) == ARGV[arg + 12 * i - 11] and not seen[names[i]] then
    records[i], seen[names[i]] = record, true
    last[#last + 1] = lastJobOf(record)
  end
end
load(last)

local answers, writes, made = {}, {}, false
for i, name in ipairs(names) do
  local at = arg + 12 * (i - 1)
  local record = records[i]
  local code, first = 0, 0
  if record then
    local before = loaded[lastJobOf(record)]
    local busy = ARGV[at + 5] == '1' and before and (before.state == 'P' or before.state == 'L')
    local firedAt, lastJob = firedAtOf(record), lastJobOf(record)
    code = 2
    if ARGV[at + 11] ~= '' and not busy then
      local queue = queues[tonumber(ARGV[at + 6])]
      firedAt = tonumber(ARGV[at + 4])
      local job = make(queue, {
        priority = tonumber(ARGV[at + 7]), runAt = firedAt, random = ARGV[at + 8],
        maxAttempts = tonumber(ARGV[at + 9]), leaseMs = tonumber(ARGV[at + 10]), body = ARGV[at + 11],
      })
      code, first, lastJob, made = 1, becomesFirst(queue.pending(job.priority), firedAt), job.id, true
    end
    writes[#writes + 1] = name
    writes[#writes + 1] = moved(record, ARGV[at + 2], tonumber(ARGV[at + 3]), firedAt, lastJob)
  end
  answers[2 * i - 1], answers[2 * i] = code, first
end

-- The schedule says which job it has made before the job is there: see MakeJobs.lua.
if #writes > 0 then call('HSET', SCHEDULES, unpack(writes)) end
if made then flushMade() end
for i = 1, #writes, 2 do index(writes[i], writes[i + 1]) end
return answers
