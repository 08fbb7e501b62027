-- include Store/Prelude.lua
-- include Schedules/Schedules.lua
-- Reads schedules. Called by ScheduleStore.GetAsync.
--
-- KEYS  as Prelude.lua, no queues; as Schedules.lua
-- ARGV  as Prelude.lua; then names
-- Returns now in ms, then a record or nil a name.
-- Cost: O(1) a name; at most 100.
local names = {}
for i = arg, #ARGV do names[#names + 1] = ARGV[i] end
local answer = call('HMGET', SCHEDULES, unpack(names))
table.insert(answer, 1, int(now))
return answer
