-- Stands before the scripts that end or prolong leases of jobs of all kinds, after Work.lua and Settled.lua.
--
-- ARGV  a lease: id, index of its queue, fence (u48) and nonce, and what the script itself takes
local DONE, REPEATED, MISSING, LOST, CANCELLED = 1, 2, 0, -1, -2

-- The leases that the caller names, in order; take is how many more arguments each has.
local function readLeases(take)
  local leases, ids = {}, {}
  for i = arg, #ARGV, 3 + take do
    local lease = { id = ARGV[i], queue = queues[tonumber(ARGV[i + 1])], name = ARGV[i + 2] }
    for j = 1, take do lease[j] = ARGV[i + 2 + j] end
    leases[#leases + 1] = lease
    ids[#ids + 1] = lease.id
  end
  load(ids)
  return leases
end

-- The job if the lease is the newest one of it and has not ended; else nil and why not, and for a job that this lease has
-- settled the follow-ups that it was settled with.
local function held(lease)
  local job = loaded[lease.id]
  -- Who names another queue knows nothing of the job, and is told nothing.
  if job and job.queue ~= lease.queue.name then return nil, MISSING end
  if not job or KEPT[job.state] then
    local known = settled.get(settledAs(lease.queue, lease.id))
    if not known then return nil, job and job.keptUntil > now and LOST or MISSING end
    if sub(known, 1, 14) ~= lease.name then return nil, LOST end
    return nil, sub(known, 15, 15) == 'x' and CANCELLED or REPEATED, sub(known, 16)
  end
  -- A cancelled job is gone at the instant its lease ends, whoever has looked since.
  if job.state == 'L' and job.cancelled and job.at <= now then return nil, MISSING end
  if job.state ~= 'L' or job.lease ~= lease.name or job.at <= now then return nil, LOST end
  return job
end

-- Remembers by which lease a job was let go for good, and with which follow-ups.
local function settle(job, queue, outcome, followUps)
  settled.set(settledAs(queue, job.id), job.lease .. outcome .. followUps)
end

-- Writes what a script has decided, the memory of settled jobs first.
local function flushSettled()
  settled.write()
  flush()
end

-- A worker lets go of a job that somebody cancelled meanwhile.
local function settleCancelled(job, lease)
  count(lease.queue, 'cancelled', job.id, job.counts)
  settle(job, lease.queue, 'x', '')
  remove(job, lease.queue)
  return CANCELLED
end
