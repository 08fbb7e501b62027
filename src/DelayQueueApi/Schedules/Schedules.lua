-- Stands before the scripts of schedules, after Prelude.lua. Their own keys stand behind those of the queues:
--       schedules       hash  name → record (the truth; the two zsets are derived from it)
--       schedule names  zset  every name, all at 0, so that they stand in the order of names
--       schedules due   zset  name by next instant, ms; without those that are paused or over
local SCHEDULES, SCHEDULE_NAMES, DUE = KEYS[#KEYS - 2], KEYS[#KEYS - 1], KEYS[#KEYS]

-- Records: 41 bytes of header, which Lua and ScheduleRecord.cs both know, then the definition, which only C# reads.
local function stampOf(record) return sub(record, 1, 8) end
local function nextOf(record) return readU48(record, 9) end
local function firedAtOf(record) return readU48(record, 22) end
local function lastJobOf(record) return sub(record, 28, 41) end

-- A record as it is written: a new stamp, so that nobody who read the old one writes over it; the next instant, 0 for none.
local function moved(record, stamp, nextAt, firedAt, lastJob)
  return stamp .. u48(nextAt) .. sub(record, 15, 21) .. u48(firedAt) .. lastJob .. sub(record, 42)
end

-- Sets the place in DUE that a record tells; nil for no record.
local function index(name, record)
  local nextAt = record and nextOf(record) or 0
  if nextAt > 0 then call('ZADD', DUE, int(nextAt), name) else call('ZREM', DUE, name) end
end
