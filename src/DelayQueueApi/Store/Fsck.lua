-- include Store/Prelude.lua
-- Compares records with their queue's indexes, and mends the indexes on demand. Called by Fsck.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       index  number of the index that the ids were read from, 0…14 in the order of its keys, or "" for the records
--       ids…
-- Returns two a fault: "missing" (not in an index that its record tells, or with another score), "stray" (in an index that its
--         record does not tell) or "unlocked" (does not hold its unique key); and the id.
-- Cost: O(log n) an id; at most 500.
local queue, repair, index = queues[1], ARGV[arg] == '1', tonumber(ARGV[arg + 1])
local ids = {}
for i = arg + 2, #ARGV do ids[#ids + 1] = ARGV[i] end
load(ids)

local faults = {}
local function fault(kind, id)
  faults[#faults + 1] = kind
  faults[#faults + 1] = id
end

local function checkPlace(job, key, score)
  if tonumber(call('ZSCORE', key, job.id) or -1) ~= score then
    fault('missing', job.id)
    if repair then call('ZADD', key, int(score), job.id) end
  end
end

local function checkLock(job)
  local id = lockedBy(lockOf(job))
  if id == job.id then return end
  fault('unlocked', job.id)
  local other = id and call('HGET', JOBS, id)
  other = other and readJob(id, other)
  local held = other and other.queue == job.queue and other.uniqueKey == job.uniqueKey and holdsKey(other)
  if repair and not held then setLock(lockOf(job), job.id) end
end

for _, id in ipairs(ids) do
  local job = loaded[id]
  local ours = job and job.queue == queue.name
  if index then
    local key = KEYS[FIXED_KEYS + 1 + index]
    if not (ours and scoreIn(job, queue, key)) then
      fault('stray', id)
      if repair then call('ZREM', key, id) end
    end
  elseif ours then
    checkPlace(job, place(job, queue))
    if startBy(job) then checkPlace(job, queue.startBy, startBy(job)) end
    if job.uniqueKey and holdsKey(job) then checkLock(job) end
  end
end

flush()
if repair then call('ZADD', QUEUES, nextEvent(queue), queue.name) end
return faults
