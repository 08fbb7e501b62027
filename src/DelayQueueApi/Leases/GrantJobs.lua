-- Stands before what ClaimJobs.lua does with jobs of all kinds, after Work.lua and Generations.lua.
local memory = generations(KEYS[8], KEYS[9], tonumber(ARGV[arg + 1]))
local MAX_EXPIRED, expired = 1000, 0

-- Looks at a job of the priority that the queue is at. Returns it where it may be given, or nil, and then whether the queue may
-- go on. One that may not start any more expires; an id whose record tells another place is dropped from the index.
local function look(queue, id, record)
  if loaded[id] == nil then loaded[id] = record and readJob(id, record) end
  local job = loaded[id]
  local due = job and job.state == 'P' and job.queue == queue.name and job.priority == queue.priority and job.runAt <= now
  local expires = due and (startBy(job) or math.huge) <= now
  if expires and (expired >= MAX_EXPIRED or bytes >= MAX_BYTES) then return nil, false end
  queue.position = queue.position + 1
  if not due then
    call('ZREM', pendingOf(queue, queue.priority), id)
    return nil, true
  end
  queue.taken = queue.taken + 1
  if not expires then return job end
  expired, bytes = expired + 1, bytes + #job.body
  catchUp(job, queue)
  return nil, true
end

local function grant(job, queue, leaseMs, nonce, worker)
  change(job, queue)
  job.state, job.lease = 'L', u48(math.max(readU48(job.lease, 1) + 1, now)) .. nonce
  setAttempt(job, attemptOf(job) + 1)
  setTail(job, worker, pastOf(job))
  job.at = leaseOf(queue, leaseMs, sub(job.terms, 9)).at
  bytes = bytes + #job.body
  count(queue, 'claimed', job.id, job.counts)
end

-- The jobs that an earlier claim of this id was given and still holds. The memory is its nonce and the jobs' ids.
local function heldBy(claimId)
  local known = memory.get(claimId)
  if not known then return {} end
  local ids, jobs = {}, {}
  for at = 9, #known, 14 do ids[#ids + 1] = sub(known, at, at + 13) end
  load(ids)
  for _, id in ipairs(ids) do
    local job = loaded[id]
    if job and job.state == 'L' and sub(job.lease, 7) == sub(known, 1, 8) and job.at > now then jobs[#jobs + 1] = job end
  end
  return jobs
end

local function remember(claimId, nonce, jobs)
  local ids = {}
  for i, job in ipairs(jobs) do ids[i] = job.id end
  memory.set(claimId, nonce .. table.concat(ids))
end

local function writeAll()
  memory.write()
  flush()
end
