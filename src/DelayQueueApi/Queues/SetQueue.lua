-- include Store/Prelude.lua
-- Sets what operators may set for a queue. Called by QueueStore.SetAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" where the queue is there from now on also if nothing is set
--       pairs of a field, paused or settings, and its value, "" to unset it
-- Returns how many of them have changed.
-- Cost: O(log n).
local queue, changes = queues[1], 0
local there = ARGV[arg] == '1'
for i = arg + 1, #ARGV, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  if (call('HGET', queue.stats, name) or '') ~= value then
    changes = changes + 1
    if value == '' then call('HDEL', queue.stats, name) else call('HSET', queue.stats, name, value) end
  end
  there = there or value ~= ''
end
if there then register(queue) end
-- What is kept for a time may have to go sooner.
if changes > 0 then call('ZADD', QUEUES, 'LT', int(now), queue.name) end
return changes
