-- include Store/Prelude.lua
-- Compares how many jobs a queue's counts tell with how many its indexes hold, and on demand sets the count of jobs made to
-- what adds up. The indexes must be right. Called by Fsck.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
-- Returns one string a fault: "miscounted <queue>".
-- Cost: O(1).
local queue = queues[1]
local function total(what) return tonumber(call('HGET', queue.stats, what) or 0) end

local made = total('acked') + total('cancelled') + call('ZCARD', queue.leased) + call('ZCARD', queue.dead)
for priority = 0, 9 do made = made + call('ZCARD', queue.pending(priority)) end
if made == total('created') then return {} end
if ARGV[arg] == '1' then call('HSET', queue.stats, 'created', int(made)) end
return { 'miscounted ' .. queue.name }
