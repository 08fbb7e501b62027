-- include Store/Prelude.lua
-- include Store/Ranks.lua
-- include Schedules/Schedules.lua
-- Compares schedules with their two indexes, and mends these on demand. A schedule whose newest job was cut off from it before
-- it was made goes back to that job's instant, to fire it again. Called by PartitionCheck.
--
-- KEYS  as Prelude.lua, no queues; as Schedules.lua
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       stamp  for the schedules that go back
--       names…
-- Returns two a fault: unfired-schedule, missing-schedule-entry (not in an index, or at another place than its record tells) or
--         stray-schedule-entry (in an index without a record, or due though it is not); and the name.
-- Cost: O(log n) a name; at most 500.
local HEADER_BYTES = 41
local stamp, repair = ARGV[arg + 1], ARGV[arg] == '1'
local newest = call('GET', LAST_ID) or ''
local made, faults = newest, {}
local function fault(kind, name)
  faults[#faults + 1] = kind
  faults[#faults + 1] = name
end

for i = arg + 2, #ARGV do
  local name = ARGV[i]
  local record = call('HGET', SCHEDULES, name)
  -- What cannot be read tells nothing.
  if record and #record < HEADER_BYTES then record = false end
  local lastJob = record and lastJobOf(record) or ''
  -- Finished jobs are gone too, but not newer than the newest.
  if lastJob ~= NO_JOB and isAfter(sub(lastJob, 1, 9), newest) then
    if call('HEXISTS', JOBS, lastJob) == 1 then
      if isAfter(lastJob, made) then made = sub(lastJob, 1, 9) end
    else
      fault('unfired-schedule', name)
      record = moved(record, stamp, firedAtOf(record), 0, NO_JOB)
      if repair then call('HSET', SCHEDULES, name, record) end
    end
  end

  local due, named = tonumber(call('ZSCORE', DUE, name) or 0), call('ZSCORE', SCHEDULE_NAMES, name)
  local nextAt = record and nextOf(record) or 0
  local stray = not record and (named or due > 0) or (due > 0 and nextAt == 0)
  local missing = record and (not named or (nextAt > 0 and due ~= nextAt))
  if stray then fault('stray-schedule-entry', name) end
  if missing then fault('missing-schedule-entry', name) end
  if repair and (stray or missing) then
    index(name, record)
    if record then call('ZADD', SCHEDULE_NAMES, 0, name) else call('ZREM', SCHEDULE_NAMES, name) end
  end
end
if repair and made ~= newest then call('SET', LAST_ID, made) end
return faults
