-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Jobs/Body.lua
-- include Reaping/Reap.lua
-- Compares what is known of a queue as a whole with its indexes, which must be right, and repairs it on demand: how many jobs were made, its
-- place among the names, and the instant of its next event. Called by PartitionCheck.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
-- Returns two a fault: wrong-count, unlisted-queue or late-event; and the queue.
-- Cost: O(log n).
local queue, repair, faults = queues[1], ARGV[arg] == '1', {}
local function fault(kind)
  faults[#faults + 1] = kind
  faults[#faults + 1] = queue.name
end
local function total(what) return tonumber(call('HGET', queue.stats, what) or 0) end

local made = total('acked') + total('cancelled') + total('purged') + total('expired') + call('ZCARD', queue.leased) + call('ZCARD', queue.dead)
for priority = 0, 9 do made = made + call('ZCARD', pendingOf(queue, priority)) end
if made ~= total('created') then
  fault('wrong-count')
  if repair then call('HSET', queue.stats, 'created', int(made)) end
end
-- One that was deleted meanwhile has no stats, and is in no list.
if call('EXISTS', queue.stats) == 1 and not call('ZSCORE', NAMES, queue.name) then
  fault('unlisted-queue')
  if repair then register(queue) end
end
local event = nextEvent(queue)
if tonumber(event) < tonumber(call('ZSCORE', QUEUES, queue.name) or NEVER) then
  fault('late-event')
  if repair then call('ZADD', QUEUES, event, queue.name) end
end
return faults
