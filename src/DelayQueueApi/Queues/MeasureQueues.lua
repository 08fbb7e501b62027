-- include Store/Prelude.lua
-- Tells how much queues hold together. Called by QueueStore.UsageAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; nothing more
-- Returns the jobs of any state, and the bytes of their records.
-- Cost: O(1) a queue; at most 100.
local jobs, bytes = 0, 0
for _, queue in ipairs(queues) do
  local known = call('HMGET', queue.stats, 'created', 'acked', 'cancelled', 'purged', 'expired', 'bytes')
  for i, sign in ipairs({ 1, -1, -1, -1, -1 }) do jobs = jobs + sign * tonumber(known[i] or 0) end
  jobs = jobs + call('ZCARD', queue.completed) + call('ZCARD', queue.expired)
  -- Records from before bytes were counted are taken off when they go, and were never added.
  bytes = bytes + math.max(0, tonumber(known[6] or 0))
end
return { int(jobs), int(bytes) }
