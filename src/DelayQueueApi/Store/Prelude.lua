-- Stands before every script: the keys, the clock and the queues, and what a script writes at its end (Writes.lua). Scripts that look
-- into jobs of all kinds have Work.lua behind it. What a script defines it defines anew in every call, and that takes more time than
-- most calls do: so there is little here, and the scripts that are called most define the rest only where they need it.
--
-- KEYS  1 jobs          hash    id → record (the truth; all zsets of the queues are derived from it)
--       2 queues        zset    queue by the instant of its next event, ms (NEVER: none); may be too early, never too late
--       3 last-id       string  first 9 bytes of the newest job id: instant and sequence number
--       4,5 settled     hash    id → fence, nonce, outcome, follow-ups; two generations that take turns
--       6,7 idempotency hash    key → body hash, times, id, attempts; two generations that take turns
--       8,9 claims      hash    claim id → nonce and ids of the jobs given; two generations that take turns
--       10 names        zset    every queue that there is; all scores are 0, so that they stand in the order of their names
--       11 unique       hash    queue and unique key → id of the job that holds it; good only while that job's record says so
--       12 events       list    the newest changes, oldest first
--       13 events:last  string  number of the newest change
--       then 16 a queue:
--       p0…p9           zset    pending ids by run-at ms, one zset a priority: scheduled before it, ready from then on
--       leased          zset    id by lease expiry, ms
--       dead            zset    id by time of death, ms
--       start-by        zset    pending ids that no worker has had and that expire, by that instant, ms
--       completed       zset    id by the instant until which it is kept, ms
--       expired         zset    id by the instant until which it is kept, ms
--       stats           hash    created, claimed, acked, … → how many; bytes of all records; settings; what Queues/ keeps about the queue
-- ARGV  1 now           ms, or "" for the store's clock
--       2 kept          how many entries of changes are kept; 0 for no log of them
--       3 n             number of queues, then their n names, in the order of their keys
--       arg…            what the script itself takes
local call, byte, char, sub, format, floor = redis.call, string.byte, string.char, string.sub, string.format, math.floor
local JOBS, QUEUES, LAST_ID, NAMES, UNIQUE = KEYS[1], KEYS[2], KEYS[3], KEYS[10], KEYS[11]
local FIXED_KEYS, QUEUE_KEYS = 13, 16
local NEVER = '9007199254740991'

-- The most attempts (u16) and the lease, ms (u32, 0 for the queue's) of most jobs: records leave them out.
local USUAL_LIMITS = '\0\20\0\0\0\0'

local now, nowMicros
if ARGV[1] == '' then
  local time = call('TIME')
  nowMicros = tonumber(time[1]) * 1000000 + tonumber(time[2])
  now = floor(nowMicros / 1000)
else
  now = tonumber(ARGV[1])
  nowMicros = now * 1000
end

-- A number as a string that Redis and C# read back exactly. A batch has few different ones.
local formatted = {}
local function int(n)
  local text = formatted[n]
  if not text then
    text = format('%d', n)
    formatted[n] = text
  end
  return text
end

-- A number of 48 bits, big-endian. A call writes few different ones, and each of them often: looking one up takes a fifth of the time.
local written = {}
local function u48(n)
  local bytes = written[n]
  if not bytes then
    local high, low = floor(n / 4294967296), n % 4294967296
    bytes = char(floor(high / 256), high % 256, floor(low / 16777216), floor(low / 65536) % 256, floor(low / 256) % 256, low % 256)
    written[n] = bytes
  end
  return bytes
end

local function u16(n) return char(floor(n / 256) % 256, n % 256) end

local function readU48(s, i)
  local a, b, c, d, e, f = byte(s, i, i + 5)
  return a * 1099511627776 + b * 4294967296 + c * 16777216 + d * 65536 + e * 256 + f
end

-- first is the place of p0 in KEYS: pendingOf(). In records the name stands without the namespace of most queues.
local DEFAULT_SPACE = 'default/'
local queues = {}
for i = 1, tonumber(ARGV[3]) do
  local first, name = FIXED_KEYS + 1 + (i - 1) * QUEUE_KEYS, ARGV[3 + i]
  local inRecord = sub(name, 1, #DEFAULT_SPACE) == DEFAULT_SPACE and sub(name, #DEFAULT_SPACE + 1) or name
  queues[i] = {
    name = name, inRecord = inRecord, bodyStart = char(#inRecord) .. inRecord, first = first,
    leased = KEYS[first + 10], dead = KEYS[first + 11], startBy = KEYS[first + 12], completed = KEYS[first + 13], expired = KEYS[first + 14],
    stats = KEYS[first + 15], index = i, counts = {}, bytes = 0,
  }
end
local arg = 4 + #queues

local function pendingOf(queue, priority) return KEYS[queue.first + priority] end

-- What is known of a queue: the number of the newest tick (noteTotals), and what operators have set; nil for what they have not.
-- The settings but for paused are one text, as QueueSettings.cs writes it.
local function settingsOf(queue)
  if not queue.settings then
    local known = call('HMGET', queue.stats, 'paused', 'tick', 'settings')
    local settings = { paused = known[1], tick = tonumber(known[2] or -1), maxRetained = 100000 }
    if known[3] then
      local leaseMs, maxAttempts, backoff, retentionMs, maxLength, maxRetained, deadRetentionMs = string.match(known[3], '^(%d*) (%d*) (%S*) (%d*) (%d*) (%d*) (%d*)$')
      settings.leaseMs, settings.maxAttempts, settings.backoff = tonumber(leaseMs), tonumber(maxAttempts), backoff ~= '' and backoff or nil
      settings.retentionMs, settings.maxLength = tonumber(retentionMs), tonumber(maxLength)
      settings.maxRetained, settings.deadRetentionMs = tonumber(maxRetained) or settings.maxRetained, tonumber(deadRetentionMs)
    end
    queue.settings = settings
  end
  return queue.settings
end

-- include Store/Writes.lua
