-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- include Store/Generations.lua
-- Leases due jobs to workers: highest priority first, then earliest run-at, then earliest id. Called by ClaimStore.ClaimAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg          lease ms where neither claim nor job nor queue names one
--       arg + 1      how long claim ids are remembered, ms
--       then a claim:
--       1 queues     indexes of its queues in the order to serve them, as "2,1"
--       2 limit      at most so many jobs; 100 over all claims
--       3 lease ms   "" for the job's own
--       4 nonce      8 random bytes that make the lease tokens hard to guess
--       5 worker     who asks, for people to read
--       6 claim id   "" for none; a known one gets the jobs that it was given and still holds
--       7 seen       "1" to note that the worker has asked its queues
-- Returns four values: for each claim how many jobs it gets and then id, record, id, record, …; a number a queue: µs until it may have
--         a due job (0 it has one now, -1 nothing in sight, -2 not looked at); now, ms; and what time has made of jobs, as Transitions.lua notes it.
-- A queue that is paused has no due job.
-- Cost: O(log n) a job, also one that expires, and up to 15 look-ups a queue, 5 where none is pending. A claim stops early once MAX_BYTES are out, but gets one
--       job at least; and where MAX_EXPIRED jobs, or MAX_BYTES of them, have expired and more stand in the way: its queue then has
--       a due job.
local MAX_BYTES, MAX_EXPIRED, MAX_PAGE = 8 * 1024 * 1024, 1000, 100
local defaultLeaseMs = tonumber(ARGV[arg])
local memory = generations(KEYS[8], KEYS[9], tonumber(ARGV[arg + 1]))
local bytes, expired = 0, 0
local wanted = 0
for i = arg + 2, #ARGV, 7 do wanted = wanted + tonumber(ARGV[i + 1]) end

for _, queue in ipairs(queues) do
  reap(queue, 20)
  queue.priority, queue.taken, queue.page, queue.records, queue.position, queue.nextAt = 9, 0, {}, {}, 1, math.huge
  queue.pageSize = math.min(wanted, MAX_PAGE)
  if settingsOf(queue).paused then queue.priority = -1 end
end

-- Entries of the priority that the queue is at. The upper five and the lower five are looked at once each, since most queues use few:
-- queue.further is how many of these that it has not come to have entries.
local function entriesOf(queue, from, to)
  local priority = queue.priority
  if queue.reached ~= priority then
    if priority == 9 or priority == 4 then queue.further = call('EXISTS', queue.priorities(priority - 4, priority)) end
    if queue.further == 0 then return {} end
  end
  local entries = call('ZRANGE', queue.pending(priority), from, to, 'WITHSCORES')
  if #entries > 0 and queue.reached ~= priority then queue.reached, queue.further = priority, queue.further - 1 end
  return entries
end

local function toNextPriority(queue)
  local priority = queue.priority
  queue.priority, queue.taken = (queue.further > 0 and priority - 1) or (priority > 4 and 4) or -1, 0
end

-- The next page of due ids of the priority that the queue is at. Claimed ids stay in the index until flush(), so it starts
-- after them; the first id that is not due yet tells when the queue is to be looked at again. A page is as long as what is asked
-- for, and longer where that finds jobs that are not to be given.
local function readPage(queue)
  local ids = {}
  local entries = entriesOf(queue, queue.taken, queue.taken + queue.pageSize - 1)
  for i = 1, #entries, 2 do
    local runAt = tonumber(entries[i + 1])
    if runAt > now then
      queue.nextAt = math.min(queue.nextAt, runAt)
      break
    end
    ids[#ids + 1] = entries[i]
  end
  queue.page, queue.position = ids, 1
  if #ids > 0 then
    queue.records = call('HMGET', JOBS, unpack(ids))
    queue.pageSize = math.min(2 * queue.pageSize, MAX_PAGE)
  end
end

-- Whether a record is that of a due job that no worker has had, that has no options and that nobody waits for. Most are, and
-- these are leased by their records, which takes less time (docs/performance.md).
local function isPlain(record, queue)
  return record and sub(record, 1, 3) == 'P' .. queue.priority .. '0' and sub(record, 22, 21 + #queue.bodyStart) == queue.bodyStart
    and readU48(record, 4) <= now
end

-- The best due job of the queue, or nil; those that may not start any more expire. An id whose record tells another place is
-- dropped from the index. Where plain is true a job that is leased by its record is id and record only.
local function nextDue(queue, plain)
  while queue.priority >= 0 do
    if queue.position > #queue.page then readPage(queue) end
    local id, record = queue.page[queue.position], queue.records[queue.position]
    if not id then
      toNextPriority(queue)
    elseif plain and loaded[id] == nil and isPlain(record, queue) then
      queue.position, queue.taken = queue.position + 1, queue.taken + 1
      return { id = id, record = record, isPlain = true }
    else
      if loaded[id] == nil then loaded[id] = record and readJob(id, record) end
      local job = loaded[id]
      local due = job and job.state == 'P' and job.queue == queue.name and job.priority == queue.priority and job.runAt <= now
      local expires = due and (startBy(job) or math.huge) <= now
      if expires and (expired >= MAX_EXPIRED or bytes >= MAX_BYTES) then return nil end
      queue.position = queue.position + 1
      if due then
        queue.taken = queue.taken + 1
        if not expires then return job end
        expired, bytes = expired + 1, bytes + #job.body
        catchUp(job, queue)
      else
        call('ZREM', queue.pending(queue.priority), id)
      end
    end
  end
end

-- The counts of a job at its first claim.
local FIRST_COUNTS = '\0\1\0\0\0\0\0\0'

local function endOf(leaseMs, own, queue) return now + (leaseMs or (own > 0 and own) or settingsOf(queue).leaseMs or defaultLeaseMs) end

local function grantPlain(job, queue, leaseMs, nonce, worker)
  local r, id = job.record, job.id
  local at = endOf(leaseMs, readU32(r, 18), queue)
  job.record = 'L' .. sub(r, 2, 2) .. '4' .. sub(r, 4, 21) .. u48(now) .. nonce .. u48(at) .. FIRST_COUNTS
    .. char(#worker) .. '\0\0' .. worker .. sub(r, 22)
  addRecord(id, job.record)
  queue.bytes = queue.bytes + #job.record - #r
  appendScored(writes.adds, queue.leased, at, id)
  append(writes.removes, queue.pending(byte(r, 2) - 48), id)
  addEvent(queue, at)
  bytes = bytes + #r
  count(queue, 'claimed', id, FIRST_COUNTS)
end

local function grant(job, queue, leaseMs, nonce, worker)
  if job.isPlain then return grantPlain(job, queue, leaseMs, nonce, worker) end
  change(job, queue)
  job.state, job.lease = 'L', u48(math.max(readU48(job.lease, 1) + 1, now)) .. nonce
  setAttempt(job, attemptOf(job) + 1)
  setTail(job, worker, pastOf(job))
  job.at = endOf(leaseMs, leaseMsOf(job), queue)
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

-- Notes who asks for jobs of a queue, the newest first: instant, length of the name, name. Of a queue that is not there nothing
-- is noted.
local WORKERS_KEPT_MS, MAX_WORKERS = 300000, 100
local function noteWorker(queue, worker)
  if not call('ZSCORE', NAMES, queue.name) then return end
  local known, notes, from = call('HGET', queue.stats, 'workers') or '', { u48(now) .. char(#worker) .. worker }, 1
  while from <= #known and #notes < MAX_WORKERS do
    local nameEnd = from + 6 + byte(known, from + 6)
    if sub(known, from + 7, nameEnd) ~= worker and readU48(known, from) > now - WORKERS_KEPT_MS then notes[#notes + 1] = sub(known, from, nameEnd) end
    from = nameEnd + 1
  end
  call('HSET', queue.stats, 'workers', table.concat(notes))
end

-- The queues of a claim; most claims ask for the same.
local lists = {}
local function queuesOf(indexes)
  local list = lists[indexes]
  if not list then
    list = {}
    for index in string.gmatch(indexes, '%d+') do list[#list + 1] = queues[tonumber(index)] end
    lists[indexes] = list
  end
  return list
end

local claims, seen = {}, {}
for i = arg + 2, #ARGV, 7 do
  local limit, leaseMs, nonce, worker, claimId = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
  local jobs = claimId == '' and {} or heldBy(claimId)
  local n = #jobs
  local held = n > 0
  if held then limit = 0 end
  for _, queue in ipairs(queuesOf(ARGV[i])) do
    if ARGV[i + 6] == '1' then seen[#seen + 1] = { queue, worker } end
    while n < limit and (n == 0 or bytes < MAX_BYTES) do
      queue.seen = true
      local job = nextDue(queue, claimId == '')
      if not job then break end
      grant(job, queue, leaseMs, nonce, worker)
      n = n + 1
      jobs[n] = job
    end
  end
  if claimId ~= '' and not held and n > 0 then
    local ids = {}
    for j, job in ipairs(jobs) do ids[j] = job.id end
    memory.set(claimId, nonce .. table.concat(ids))
  end
  claims[#claims + 1] = jobs
end
memory.write()
flush()
for _, each in ipairs(seen) do noteWorker(each[1], each[2]) end

local given, waits, n = {}, {}, 0
for _, jobs in ipairs(claims) do
  n = n + 1
  given[n] = #jobs
  for _, job in ipairs(jobs) do
    given[n + 1], given[n + 2] = job.id, job.record
    n = n + 2
  end
end
for i, queue in ipairs(queues) do
  if not queue.seen then
    waits[i] = -2
  elseif queue.position <= #queue.page then
    waits[i] = 0
  else
    -- A claim that was full has not looked further.
    while queue.priority >= 0 and queue.nextAt > now do
      queue.nextAt = math.min(queue.nextAt, tonumber(entriesOf(queue, 0, 0)[2] or math.huge))
      toNextPriority(queue)
    end
    local lease = call('ZRANGE', queue.leased, 0, 0, 'WITHSCORES')
    local nextAt = math.min(queue.nextAt, tonumber(lease[2] or math.huge))
    waits[i] = nextAt == math.huge and -1 or math.max(0, nextAt * 1000 - nowMicros)
  end
end
return { given, waits, int(now), lapsed }
