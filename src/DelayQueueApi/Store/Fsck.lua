-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/FsckRead.lua
-- Compares records with their queue's indexes, and repairs the indexes on demand. Called by PartitionCheck.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       index  number of the index that the ids were read from, 0…14 in the order of its keys, or "" for the records
--       ids…
-- Returns two a fault: missing-entry, wrong-score, stray-entry, missing-lock or shared-unique-key; and the id.
-- Cost: O(log n) an id; at most 500.
local queue, repair, index = queues[1], ARGV[arg] == '1', tonumber(ARGV[arg + 1])

local faults = {}
local function fault(kind, id)
  faults[#faults + 1] = kind
  faults[#faults + 1] = id
end

local function checkPlace(job, key, score)
  local found = tonumber(call('ZSCORE', key, job.id) or -1)
  if found ~= score then
    fault(found == -1 and 'missing-entry' or 'wrong-score', job.id)
    if repair then call('ZADD', key, int(score), job.id) end
  end
end

local function checkLock(job)
  local id = lockedBy(lockOf(job))
  if id == job.id then return end
  local other = id and tryRead(id)
  if other and other.queue == job.queue and other.uniqueKey == job.uniqueKey and holdsKey(other) then
    fault('shared-unique-key', job.id)
  else
    fault('missing-lock', job.id)
    if repair then setLock(lockOf(job), job.id) end
  end
end

for i = arg + 2, #ARGV do
  local id = ARGV[i]
  local job = tryRead(id)
  local ours = job and job.queue == queue.name
  if index then
    local key = KEYS[FIXED_KEYS + 1 + index]
    -- It may have left the index since it was read there.
    if not (ours and scoreIn(job, queue, key)) and call('ZSCORE', key, id) then
      fault('stray-entry', id)
      if repair then call('ZREM', key, id) end
    end
  elseif ours then
    checkPlace(job, place(job, queue))
    if startBy(job) then checkPlace(job, queue.startBy, startBy(job)) end
    if job.uniqueKey and holdsKey(job) then checkLock(job) end
  end
end

if repair then flush() end
return faults
