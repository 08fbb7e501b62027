-- include Store/Prelude.lua
-- Reads jobs. Called by JobStore.GetAsync.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then ids
-- Returns now in ms, then a record or nil an id.
-- Cost: O(1) an id; at most 100.
local ids = {}
for i = arg, #ARGV do ids[#ids + 1] = ARGV[i] end
local answer = call('HMGET', JOBS, unpack(ids))
table.insert(answer, 1, int(now))
return answer
