-- Stands before every script: the keys, the clock and the queues, then the record (Records.lua), a unit of work that is written
-- at the end (Work.lua), with a log of what has changed (ChangeLog.lua), and what becomes of jobs (Transitions.lua).
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
    text = format('%.0f', n)
    formatted[n] = text
  end
  return text
end

-- What stands before ids and names in memories that all namespaces share: nothing for the namespace default (Queues/Namespaces.cs).
local function spaceOf(name)
  if sub(name, 1, 8) == 'default/' then return '' end
  return string.match(name, '^[^/]*') .. '\0'
end

local queues = {}
for i = 1, tonumber(ARGV[3]) do
  local base = FIXED_KEYS + (i - 1) * QUEUE_KEYS
  queues[i] = {
    name = ARGV[3 + i], bodyStart = char(#ARGV[3 + i]) .. ARGV[3 + i], pending = function(priority) return KEYS[base + 1 + priority] end,
    priorities = function(low, high) return unpack(KEYS, base + 1 + low, base + 1 + high) end,
    leased = KEYS[base + 11], dead = KEYS[base + 12], startBy = KEYS[base + 13], completed = KEYS[base + 14], expired = KEYS[base + 15],
    stats = KEYS[base + 16], index = i, counts = {}, bytes = 0,
  }
end
local arg = 4 + #queues

-- What is known of a queue: the number of the newest tick (noteTotals), and what operators have set; nil for what they have not.
-- The settings but for paused are one text, as QueueSettings.cs writes it.
local SETTINGS = '^(%d*) (%d*) (%S*) (%d*) (%d*) (%d*) (%d*)$'
local function settingsOf(queue)
  if not queue.settings then
    local known = call('HMGET', queue.stats, 'paused', 'tick', 'settings')
    local settings = { paused = known[1], tick = tonumber(known[2] or -1), maxRetained = 100000 }
    if known[3] then
      local leaseMs, maxAttempts, backoff, retentionMs, maxLength, maxRetained, deadRetentionMs = string.match(known[3], SETTINGS)
      settings.leaseMs, settings.maxAttempts, settings.backoff = tonumber(leaseMs), tonumber(maxAttempts), backoff ~= '' and backoff or nil
      settings.retentionMs, settings.maxLength = tonumber(retentionMs), tonumber(maxLength)
      settings.maxRetained, settings.deadRetentionMs = tonumber(maxRetained) or settings.maxRetained, tonumber(deadRetentionMs)
    end
    queue.settings = settings
  end
  return queue.settings
end

-- include Store/Records.lua
-- include Store/ChangeLog.lua
-- include Store/Work.lua
-- include Store/Transitions.lua
