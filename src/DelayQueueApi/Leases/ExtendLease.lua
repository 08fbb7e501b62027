-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/EvenIfFull.lua
-- include Leases/Settled.lua
-- include Leases/Lease.lua
-- Sets the end of leases anew, counted from now. Called by LeaseStore.ExtendAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua, Settled.lua and Lease.lua; more a lease:
--       1 lease ms
--       2 adopt     "1" to take a lease for given that a failover may have lost
-- Returns two a lease: an integer (1 done, 2 done but a cancel was asked for, 0 no such job, -1 lease lost,
--         -2 cancelled meanwhile) and the lease's new end, ms.
-- Cost: O(log n) a lease; at most 100.

-- The grant of a lease may be lost with the primary that gave it. Its fence tells: it is larger than any that the job has known here,
-- which no lease of this history is, and the job has nobody now. So fences go on rising, and there is no other lease.
local function adopt(lease)
  local job = loaded[lease.id]
  if not job or job.state ~= 'P' or job.queue ~= lease.queue.name or job.runAt > now then return nil end
  local fence = readU48(lease.name, 1)
  if fence <= readU48(job.lease, 1) or fence > now or (startBy(job) or math.huge) <= now then return nil end
  change(job, lease.queue)
  job.state, job.lease = 'L', lease.name
  setAttempt(job, attemptOf(job) + 1)
  count(lease.queue, 'claimed', job.id, job.counts)
  return job
end

local answers = {}
for _, lease in ipairs(readLeases(2)) do
  local job, why = held(lease)
  if why == LOST and lease[2] == '1' then job = adopt(lease) end
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
