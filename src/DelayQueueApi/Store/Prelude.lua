-- Stands before every script: the keys, the clock, the record, and a unit of work that is written at the end.
--
-- KEYS  1 jobs          hash    id → record (the truth; all zsets below are derived from it)
--       2 queues        zset    queue by the instant its next lease ends, ms (NEVER: no lease)
--       3 last-id       string  instant, sequence number and first 15 characters of the newest job id
--       4,5 settled     hash    id → fence, nonce, outcome; two generations that take turns
--       6,7 idempotency hash    key → body hash, id, times; two generations that take turns
--       8,9 claims      hash    claim id → nonce and ids of the jobs given; two generations that take turns
--       10 names        zset    every queue that there is; all scores are 0, so that they stand in the order of their names
--       then 13 a queue:
--       p0…p9           zset    pending ids by run-at ms, one zset a priority: scheduled before it, ready from then on
--       leased          zset    id by lease expiry, ms
--       dead            zset    id by time of death, ms
--       stats           hash    created, claimed, acked, … → how many; paused → 1 where claims get nothing
-- ARGV  1 now           ms, or "" for the store's clock
--       2 n             number of queues, then their n names, in the order of their keys
--       arg…            what the script itself takes
local call, byte, char, sub, format, floor = redis.call, string.byte, string.char, string.sub, string.format, math.floor
local JOBS, QUEUES, LAST_ID, NAMES = KEYS[1], KEYS[2], KEYS[3], KEYS[10]
local FIXED_KEYS = 10
local NEVER = '9007199254740991'

local now, nowMicros
if ARGV[1] == '' then
  local time = call('TIME')
  nowMicros = tonumber(time[1]) * 1000000 + tonumber(time[2])
  now = floor(nowMicros / 1000)
else
  now = tonumber(ARGV[1])
  nowMicros = now * 1000
end

-- A number as a string that Redis and C# read back exactly.
local function int(n) return format('%.0f', n) end

local queues = {}
for i = 1, tonumber(ARGV[2]) do
  local base = FIXED_KEYS + (i - 1) * 13
  queues[i] = {
    name = ARGV[2 + i], pending = function(priority) return KEYS[base + 1 + priority] end,
    leased = KEYS[base + 11], dead = KEYS[base + 12], stats = KEYS[base + 13], counts = {},
  }
end
local arg = 3 + #queues

-- Records: 52 bytes of header (big-endian numbers), then worker, error and body.
-- The body (queue, backoff and what only C# reads) is made by JobRecord.cs.
local function u16(n) return char(floor(n / 256) % 256, n % 256) end
local function u32(n) return char(floor(n / 16777216) % 256, floor(n / 65536) % 256, floor(n / 256) % 256, n % 256) end
local function u48(n) return u16(floor(n / 4294967296)) .. u32(n % 4294967296) end
local function readU16(s, i) local a, b = byte(s, i, i + 1); return a * 256 + b end
local function readU32(s, i) return readU16(s, i) * 65536 + readU16(s, i + 2) end
local function readU48(s, i) return readU16(s, i) * 4294967296 + readU32(s, i + 2) end

local NO_NONCE = '\0\0\0\0\0\0\0\0'

local function readJob(id, r)
  local workerEnd = 52 + byte(r, 50)
  local errorEnd = workerEnd + readU16(r, 51)
  local queueEnd = errorEnd + 1 + byte(r, errorEnd + 1)
  return {
    id = id, state = sub(r, 1, 1), priority = byte(r, 2) - 48, cancelled = byte(r, 3) == 120,
    runAt = readU48(r, 4), enqueuedAt = readU48(r, 10), fence = readU48(r, 16), at = readU48(r, 22), nonce = sub(r, 28, 35),
    attempt = readU16(r, 36), maxAttempts = readU16(r, 38), nacks = readU16(r, 40), expiries = readU16(r, 42),
    releases = readU16(r, 44), leaseMs = readU32(r, 46),
    worker = sub(r, 53, workerEnd), error = sub(r, workerEnd + 1, errorEnd), body = sub(r, errorEnd + 1),
    queue = sub(r, errorEnd + 2, queueEnd), backoff = sub(r, queueEnd + 2, queueEnd + 1 + byte(r, queueEnd + 1)),
  }
end

local function writeJob(job)
  return job.state .. char(48 + job.priority) .. (job.cancelled and 'x' or '-')
    .. u48(job.runAt) .. u48(job.enqueuedAt) .. u48(job.fence) .. u48(job.at) .. job.nonce
    .. u16(job.attempt) .. u16(job.maxAttempts) .. u16(job.nacks) .. u16(job.expiries) .. u16(job.releases)
    .. u32(job.leaseMs) .. char(#job.worker) .. u16(#job.error) .. job.worker .. job.error .. job.body
end

-- From now on the queue is there, also while it has no jobs.
local function register(queue) call('ZADD', NAMES, 'NX', 0, queue.name) end

-- Where a record says that its job must stand: index key and score.
local function place(job, queue)
  if job.state == 'P' then return queue.pending(job.priority), job.runAt end
  if job.state == 'L' then return queue.leased, job.at end
  return queue.dead, job.at
end

local function count(queue, what, n) queue.counts[what] = (queue.counts[what] or 0) + (n or 1) end

-- The unit of work. Scripts decide first, on jobs in memory; flush() then writes records, new places, old places, counts,
-- in that order, so that a write cut short leaves the truth ahead of its indexes, where fsck mends them.
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

-- Call before changing a job: remembers the place that it leaves.
local function change(job, queue)
  if not job.before then
    job.inQueue = queue
    job.before = place(job, queue)
    changed[#changed + 1] = job
  end
end

local function remove(job, queue) change(job, queue); job.gone = true; loaded[job.id] = false end

local function add(job, queue)
  job.before, job.inQueue = '', queue
  loaded[job.id] = job
  changed[#changed + 1] = job
end

local function append(lists, key, a, b)
  local list = lists[key]
  if not list then list = {}; lists[key] = list end
  list[#list + 1] = a
  if b then list[#list + 1] = b end
end

local function flush()
  local records, deletes, adds, removes, leaseEnds = {}, {}, {}, {}, {}
  for _, job in ipairs(changed) do
    if job.gone then
      if job.before ~= '' then
        deletes[#deletes + 1] = job.id
        append(removes, job.before, job.id)
      end
    else
      local key, score = place(job, job.inQueue)
      records[#records + 1] = job.id
      records[#records + 1] = writeJob(job)
      append(adds, key, int(score), job.id)
      if job.before ~= '' and job.before ~= key then append(removes, job.before, job.id) end
      if job.state == 'L' then
        local name = job.inQueue.name
        leaseEnds[name] = leaseEnds[name] and math.min(leaseEnds[name], job.at) or job.at
      end
    end
    job.before = nil
  end
  changed = {}
  if #records > 0 then call('HSET', JOBS, unpack(records)) end
  for key, list in pairs(adds) do call('ZADD', key, unpack(list)) end
  for name, at in pairs(leaseEnds) do call('ZADD', QUEUES, 'LT', int(at), name) end
  for key, list in pairs(removes) do call('ZREM', key, unpack(list)) end
  if #deletes > 0 then call('HDEL', JOBS, unpack(deletes)) end
  for _, queue in ipairs(queues) do
    for what, n in pairs(queue.counts) do call('HINCRBY', queue.stats, what, int(n)) end
    queue.counts = {}
  end
end

-- Puts a leased job back among the pending ones. Its run-at tells when it may run next.
local function unlease(job, queue, runAt)
  change(job, queue)
  job.state, job.runAt, job.at, job.nonce, job.worker = 'P', runAt, 0, NO_NONCE, ''
end

local function die(job, queue)
  change(job, queue)
  job.state, job.at, job.nonce, job.worker = 'D', now, NO_NONCE, ''
  count(queue, 'died')
end

-- Ends a lease that ran out: back to pending, dead after the last attempt, gone if a cancel waits.
local function expire(job, queue)
  count(queue, 'expired')
  if job.cancelled then
    count(queue, 'cancelled')
    remove(job, queue)
  else
    job.expiries = math.min(job.expiries + 1, 65535)
    if job.attempt >= job.maxAttempts then die(job, queue) else unlease(job, queue, job.at) end
  end
end

-- Ends leases that ran out, at most limit of them. Returns how many.
local function reap(queue, limit)
  local ids = call('ZRANGEBYSCORE', queue.leased, '-inf', int(now), 'LIMIT', 0, limit)
  load(ids)
  for _, id in ipairs(ids) do
    local job = loaded[id]
    if job and job.state == 'L' and job.queue == queue.name and job.at <= now then expire(job, queue) end
  end
  flush()
  return #ids
end

-- Two generations of a hash that take turns every period: what is written stays for one period at least and two at most,
-- and nothing needs sweeping. The empty field holds the number of the period that a generation belongs to.
local function generations(even, odd, periodMs)
  local period = floor(now / periodMs)
  local current, previous = even, odd
  if period % 2 == 1 then current, previous = odd, even end

  local function alive(key)
    local of = tonumber(call('HGET', key, '') or -1)
    -- A little ahead where the clock was set back; far ahead or behind where the period's length was changed.
    return of >= period - 1 and of <= period + 1
  end

  return {
    get = function(field)
      return alive(current) and call('HGET', current, field) or alive(previous) and call('HGET', previous, field) or false
    end,
    set = function(field, value)
      if not alive(current) then
        call('UNLINK', current)
        call('HSET', current, '', int(period))
      end
      call('HSET', current, field, value)
    end,
  }
end
