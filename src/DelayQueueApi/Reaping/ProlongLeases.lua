-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/EvenIfFull.lua
-- Lets leases of queues end no sooner than at an instant. Called by ReapStore.ProlongAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       1 until     the instant, ms; "" for some time from now
--       2 time      ms from now
--       3 most      so many leases at most in all
-- Returns two integers: how many were prolonged, the most where there may be more; and the instant, ms.
-- Cost: O(log n) a lease.
local last, most = tonumber(ARGV[arg]) or now + tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
local left = most
for _, queue in ipairs(queues) do
  local ids = left > 0 and call('ZRANGEBYSCORE', queue.leased, '-inf', '(' .. int(last), 'LIMIT', 0, left) or {}
  load(ids)
  for _, id in ipairs(ids) do
    local job = loaded[id]
    if job and job.state == 'L' and job.queue == queue.name and job.at < last then
      change(job, queue)
      job.at = last
    else
      call('ZREM', queue.leased, id)
    end
    left = left - 1
  end
end
flush()
return { most - left, int(last) }
