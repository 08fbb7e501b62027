-- Stands before the scripts that look into jobs of all kinds, after Prelude.lua: the record (Records.lua), the unit of work, and what
-- becomes of jobs (Transitions.lua). Scripts decide on jobs in memory; flush() then writes what has changed, as Writes.lua tells.
-- include Store/Records.lua

local loaded, changed = {}, {}

local function load(ids)
  local missing = {}
  for _, id in ipairs(ids) do if loaded[id] == nil then missing[#missing + 1] = id; loaded[id] = false end end
  if #missing > 0 then
    for i, record in ipairs(call('HMGET', JOBS, unpack(missing))) do
      if record then loaded[missing[i]] = readJob(missing[i], record) end
    end
  end
end

-- Where a record says that its job must stand: index key and score.
local function place(job, queue)
  local state = job.state
  if state == 'P' then return pendingOf(queue, job.priority), job.runAt end
  if state == 'L' then return queue.leased, job.at end
  if state == 'D' then return queue.dead, job.at end
  return state == 'C' and queue.completed or queue.expired, job.keptUntil
end

-- The instant from which a job that no worker has had may not start any more; nil for none. It then stands in start-by too.
local function startBy(job) return job.ttlMs and job.state == 'P' and job.lease == NO_LEASE and job.runAt + job.ttlMs or nil end

-- The score with which a record says that its job stands in an index; nil where it does not.
local function scoreIn(job, queue, key)
  if key == queue.startBy then return startBy(job) end
  local index, score = place(job, queue)
  return index == key and score or nil
end

-- Whether a job with a unique key keeps others of that key out.
local function holdsKey(job)
  if job.uniqueUntil == 's' then return job.state == 'P' and job.lease == NO_LEASE end
  return job.uniqueUntil == 'f' and (job.state == 'P' or job.state == 'L')
end

local function lockOf(job) return job.queue .. ' ' .. job.uniqueKey end

-- Unique keys that this script has looked at or changed: lock → id or false.
local locks, lockChanges = {}, {}
local function lockedBy(lock)
  if locks[lock] == nil then locks[lock] = call('HGET', UNIQUE, lock) end
  return locks[lock]
end

local function setLock(lock, id)
  if lockedBy(lock) ~= id then locks[lock], lockChanges[lock] = id, true end
end

local function count(queue, what, id, counts) return countAll(queue, what, { id }, 1, 1, counts) end

-- Call before changing a job: remembers the places that it leaves.
local function change(job, queue)
  if not job.before then
    local key, start = place(job, queue), startBy(job)
    job.inQueue, job.before = queue, key
    if start then job.hadStartBy = true end
    changed[#changed + 1] = job
  end
end

local function remove(job, queue)
  change(job, queue)
  job.gone = true
  loaded[job.id] = false
  if job.uniqueKey and lockedBy(lockOf(job)) == job.id then setLock(lockOf(job), false) end
end

-- Takes a job away in the same write that makes what takes its place, so that not even a write cut short leaves both or neither: it
-- is kept until now, and so gone for all who look; the reaper drops what is left of it.
local function vanish(job, queue)
  change(job, queue)
  letGo(job, 'E', now)
  job.keptUntil, job.result = now, ''
end

local function add(job, queue)
  job.before, job.inQueue = '', queue
  loaded[job.id] = job
  changed[#changed + 1] = job
end

-- When something is to be done with a job as it is now; nil for never.
local function eventOf(job, queue, start)
  if job.state == 'L' then return job.at end
  if KEPT[job.state] then return job.keptUntil end
  if job.state == 'D' then
    local kept = settingsOf(queue).deadRetentionMs
    return kept and job.at + kept
  end
  return start
end

local function append(lists, key, id)
  local list = listOf(lists, key)
  list[#list + 1] = id
end

local function appendScored(key, score, id)
  local list = listOf(writes.adds, key)
  local n = #list
  list[n + 1], list[n + 2] = int(score), id
end

-- Jobs that have ended while somebody waited for it.
local ended = {}

-- Adds what a changed job asks for to what is to be written.
local function gather(job)
  local id, queue, before, state, start = job.id, job.inQueue, job.before, job.state, nil
  if job.watched and (job.gone or state == 'D' or KEPT[state]) then
    job.watched = false
    ended[#ended + 1] = id
  end
  if job.gone then
    if before ~= '' then
      writes.deletes[#writes.deletes + 1] = id
      append(writes.removes, before, id)
      queue.bytes = queue.bytes - #job.record
    end
  else
    if job.uniqueKey then
      local lock = lockOf(job)
      if holdsKey(job) then setLock(lock, id) elseif lockedBy(lock) == id then setLock(lock, false) end
    end
    local key, score = place(job, queue)
    appendScored(key, score, id)
    if before ~= '' and before ~= key then append(writes.removes, before, id) end
    if KEPT[state] then writes.kept[key] = queue end
    start = startBy(job)
    if start then appendScored(queue.startBy, start, id) end
    local event = eventOf(job, queue, start)
    if event then addEvent(queue, event) end
    local record = writeJob(job)
    queue.bytes = queue.bytes + #record - #job.record
    job.record = record
    local records, n = writes.records, #writes.records
    records[n + 1], records[n + 2] = id, record
  end
  if job.hadStartBy then
    if not start then append(writes.removes, queue.startBy, id) end
    job.hadStartBy = false
  end
  job.before = false
end

local function flush()
  for _, job in ipairs(changed) do gather(job) end
  changed = {}
  for lock in pairs(lockChanges) do if locks[lock] then call('HSET', UNIQUE, lock, locks[lock]) end end
  write()
  for lock in pairs(lockChanges) do if not locks[lock] then call('HDEL', UNIQUE, lock) end end
  lockChanges = {}
  -- Those who wait for the end of a job look again.
  for _, id in ipairs(ended) do call('PUBLISH', sub(JOBS, 1, -5) .. 'ended', id) end
  ended = {}
  nothingToWrite()
end

-- include Store/Transitions.lua
