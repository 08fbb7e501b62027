-- include Store/Prelude.lua
-- include Jobs/JobIds.lua
-- Makes jobs. Called by JobStore.ScheduleAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg          how long idempotency keys are remembered, ms
--       then a job:
--       1 queue      index of its queue
--       2 priority   0…9
--       3 delay ms   "" where a run-at is given
--       4 run-at     ms; the past means now
--       5 random     11 characters that end its id
--       6 attempts   at most so many
--       7 lease ms   0 for the queue's own
--       8 body       the rest of the record, in JobRecord's form
--       9 key        idempotency key, "" for none
--      10 hash       16 bytes that stand for the request's body, "" without a key
-- Returns five a job: an integer (1 made, 2 made before under this key, -1 the key belongs to another body), id, run-at ms,
--         enqueued-at ms, and an integer: 1 where the job is now the first of its priority.
-- Cost: O(log n) a job; at most 100.
local keys = generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]))

-- Ids rise even where the clock stands still or steps back: an instant, then a sequence number within it.
local idInstant, idSequence = now, 0
local lastInstant, lastSequence = string.match(call('GET', LAST_ID) or '', '^(%d+) (%d+) ')
if lastInstant and tonumber(lastInstant) >= now then
  idInstant, idSequence = tonumber(lastInstant), tonumber(lastSequence) + 1
end
local instantDigits = base32(idInstant, 10)

-- The first run-at of each zset that this call adds to, so that a new first can be told.
local firsts = {}
local function becomesFirst(key, runAt)
  if not firsts[key] then
    firsts[key] = tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or math.huge)
  end
  local first = runAt < firsts[key]
  if first then firsts[key] = runAt end
  return first and 1 or 0
end

local replays = {}
local function replay(key)
  if key == '' then return nil end
  if not replays[key] then
    local known = keys.get(key)
    if known then
      replays[key] = { hash = sub(known, 1, 16), runAt = readU48(known, 17), enqueuedAt = readU48(known, 23), id = sub(known, 29) }
    end
  end
  return replays[key]
end

local answers = {}
local function answer(status, id, runAt, enqueuedAt, first)
  for _, value in ipairs({ status, id, int(runAt), int(enqueuedAt), first }) do answers[#answers + 1] = value end
end

local remembered = {}
for i = arg + 1, #ARGV, 10 do
  local queue, priority, key, hash = queues[tonumber(ARGV[i])], tonumber(ARGV[i + 1]), ARGV[i + 8], ARGV[i + 9]
  local known = replay(key)
  if known then
    answer(known.hash == hash and 2 or -1, known.id, known.runAt, known.enqueuedAt, 0)
  else
    local delay = tonumber(ARGV[i + 2])
    local body = ARGV[i + 7]
    local job = {
      id = instantDigits .. base32(idSequence, 5) .. ARGV[i + 4],
      state = 'P', priority = priority, cancelled = false, queue = queue.name, body = body,
      runAt = delay and now + delay or math.max(now, tonumber(ARGV[i + 3])), enqueuedAt = now,
      fence = 0, at = 0, nonce = NO_NONCE, attempt = 0, maxAttempts = tonumber(ARGV[i + 5]),
      nacks = 0, expiries = 0, releases = 0, leaseMs = tonumber(ARGV[i + 6]), worker = '', error = '',
    }
    idSequence = idSequence + 1
    add(job, queue)
    count(queue, 'created')
    if key ~= '' then
      replays[key] = { hash = hash, runAt = job.runAt, enqueuedAt = now, id = job.id }
      remembered[key] = hash .. u48(job.runAt) .. u48(now) .. job.id
    end
    answer(1, job.id, job.runAt, now, becomesFirst(queue.pending(priority), job.runAt))
  end
end

-- Keys stand before their jobs and the newest id behind them: a key whose job is newer than that and is not there was cut off
-- from it, and fsck drops it, so that no job is made twice under one key and none is promised that never was.
if #changed > 0 then
  for key, value in pairs(remembered) do keys.set(key, value) end
  for _, queue in ipairs(queues) do register(queue) end
  flush()
  setLastId(idInstant, idSequence - 1)
end
return answers
