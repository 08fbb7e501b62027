-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/EvenIfFull.lua
-- include Leases/Settled.lua
-- include Leases/Lease.lua
-- Gives back jobs whose workers go away: ready at once, and the attempt does not count. Called by LeaseStore.ReleaseAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua, Settled.lua and Lease.lua; nothing more a lease
-- Returns one integer a lease: 1 done, 0 no such job, -1 lease lost, -2 cancelled meanwhile.
-- Cost: O(log n) a lease; at most 100.
local answers = {}
for i, lease in ipairs(readLeases(0)) do
  local job, why = held(lease)
  if not job then
    answers[i] = why == REPEATED and LOST or why
  elseif job.cancelled then
    answers[i] = settleCancelled(job, lease)
  else
    count(lease.queue, 'released', job.id, job.counts)
    change(job, lease.queue)
    endAttempt(job, 'r', now)
    unlease(job, lease.queue, job.runAt)
    setAttempt(job, attemptOf(job) - 1)
    answers[i] = DONE
  end
end
flushSettled()
return answers
