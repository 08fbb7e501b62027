-- include Store/Prelude.lua
-- Ends leases that ran out and notes when the queue's next lease ends. Called by ReapStore.ReapAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then the most leases to end a queue
-- Returns one integer a queue: how many leases ended.
-- Cost: O(log n) a lease.
local answers = {}
for i, queue in ipairs(queues) do
  answers[i] = reap(queue, tonumber(ARGV[arg]))
  local lease = call('ZRANGE', queue.leased, 0, 0, 'WITHSCORES')
  call('ZADD', QUEUES, lease[2] or NEVER, queue.name)
end
return answers
