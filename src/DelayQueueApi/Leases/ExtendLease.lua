-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- include Store/Generations.lua
-- include Leases/Lease.lua
-- Sets the end of leases anew, counted from now. Called by LeaseStore.ExtendAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua and Lease.lua; more a lease: 1 lease ms
-- Returns two a lease: an integer (1 done, 2 done but a cancel was asked for, 0 no such job, -1 lease lost,
--         -2 cancelled meanwhile) and the lease's new end, ms.
-- Cost: O(log n) a lease; at most 100.
local answers = {}
for _, lease in ipairs(readLeases(1)) do
  local job, why = held(lease)
  local answer, at = why == REPEATED and LOST or why, 0
  if job then
    change(job, lease.queue)
    job.at = now + tonumber(lease[1])
    answer, at = job.cancelled and 2 or 1, job.at
  end
  answers[#answers + 1] = answer
  answers[#answers + 1] = int(at)
end
flush()
return answers
