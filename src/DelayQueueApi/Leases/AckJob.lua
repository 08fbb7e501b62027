-- include Store/Prelude.lua
-- include Leases/Lease.lua
-- Finishes leased jobs. Called by LeaseStore.AckAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua and Lease.lua; nothing more a lease
-- Returns one integer a lease: 1 done, 2 done before by this lease, 0 no such job, -1 lease lost, -2 cancelled meanwhile.
-- Cost: O(log n) a lease; at most 100.
local answers = {}
for i, lease in ipairs(readLeases(0)) do
  local job, why = held(lease)
  if not job then
    answers[i] = why
  elseif job.cancelled then
    answers[i] = settleCancelled(job, lease)
  else
    count(lease.queue, 'acked')
    settle(job, lease, 'a')
    answers[i] = DONE
  end
end
flush()
return answers
