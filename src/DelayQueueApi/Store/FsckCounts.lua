-- include Store/Prelude.lua
-- Compares how many jobs a queue's counts tell with how many its indexes hold, and on demand sets the count of jobs made to
-- what adds up. The indexes must be right. Also finds a queue that is not among the names, and adds it on demand.
-- Called by Fsck.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
-- Returns one string a fault: "miscounted <queue>" or "unlisted <queue>".
-- Cost: O(log n).
local queue, repair, faults = queues[1], ARGV[arg] == '1', {}
local function total(what) return tonumber(call('HGET', queue.stats, what) or 0) end

local made = total('acked') + total('cancelled') + total('purged') + total('expired') + call('ZCARD', queue.leased) + call('ZCARD', queue.dead)
for priority = 0, 9 do made = made + call('ZCARD', queue.pending(priority)) end
if made ~= total('created') then
  faults[#faults + 1] = 'miscounted ' .. queue.name
  if repair then call('HSET', queue.stats, 'created', int(made)) end
end
if not call('ZSCORE', NAMES, queue.name) then
  faults[#faults + 1] = 'unlisted ' .. queue.name
  if repair then register(queue) end
end
return faults
