-- include Store/Prelude.lua
-- Sets what operators may set for a queue. Called by QueueStore.SetAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to make the queue where it is not there, "" to do nothing then
--       pairs of a field, paused or settings, and its value, "" to unset it
-- Returns 1 where the queue was not there before, else 0.
-- Cost: O(log n).
local queue = queues[1]
if ARGV[arg] ~= '1' and not call('ZSCORE', NAMES, queue.name) then return 0 end
local made = register(queue)
for i = arg + 1, #ARGV, 2 do
  if ARGV[i + 1] == '' then call('HDEL', queue.stats, ARGV[i]) else call('HSET', queue.stats, ARGV[i], ARGV[i + 1]) end
end
-- What is kept for a time may have to go sooner.
call('ZADD', QUEUES, 'LT', int(now), queue.name)
return made
