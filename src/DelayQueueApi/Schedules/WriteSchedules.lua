-- include Store/Prelude.lua
-- include Schedules/Schedules.lua
-- Writes or deletes schedules that are still as the caller has read them. Called by ScheduleStore.WriteAsync.
--
-- KEYS  as Prelude.lua, no queues; as Schedules.lua
-- ARGV  as Prelude.lua; then three a schedule: name, the stamp that was read ("" for no such schedule), and the new record
--       ("" to delete it)
-- Returns one integer a schedule: 1 written, 0 no longer as it was read.
-- Cost: O(log n) a schedule; at most 100.
local answers = {}
for i = arg, #ARGV, 3 do
  local name, record = ARGV[i], ARGV[i + 2]
  local found = call('HGET', SCHEDULES, name)
  if (found and stampOf(found) or '') ~= ARGV[i + 1] then
    answers[#answers + 1] = 0
  else
    if record == '' then
      call('HDEL', SCHEDULES, name)
      call('ZREM', SCHEDULE_NAMES, name)
      index(name, nil)
    else
      call('HSET', SCHEDULES, name, record)
      call('ZADD', SCHEDULE_NAMES, 0, name)
      index(name, record)
    end
    answers[#answers + 1] = 1
  end
end
return answers
