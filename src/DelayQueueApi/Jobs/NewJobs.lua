-- Stands before the scripts that make jobs, after Prelude.lua and Body.lua.
--
-- ARGV  jobs that are alike, a run of one or more; read by readRun():
--       1 queue      index of their queue
--       2 when       delay in ms, or "@" and a run-at, ms; the past means now
--       3 head       their priority as a digit, u16 the most attempts (0 for the queue's own, else 20) and u32 their lease, ms (0 for the
--                    queue's own). Where a job has a head of its own it goes on with what becomes of it where another job holds its
--                    unique key: r return, p replace, j reject (nothing for r), in upper case where the namespace's quotas leave no
--                    room to make it; and with an idempotency key u48 for how many ms that is known, 16 bytes that stand for the
--                    request's body, and the key
--       4 random     5 random bytes a job, which end their ids
--       then a body a job: the rest of the record, in JobRecord's form
local RUN_ARGS, RANDOM, HEAD = 4, 5, 7
local enqueuedAt = u48(now)

local function readRun(at)
  local queue, when, head, random = queues[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local delay, priority, attempts = tonumber(when), byte(head) - 48, sub(head, 2, 3)
  local runAt = delay and now + delay or math.max(now, tonumber(sub(when, 2)))
  if attempts == '\0\0' then
    local most = settingsOf(queue).maxAttempts
    attempts = most and sub(u48(most), 5) or sub(USUAL_LIMITS, 1, 2)
  end
  return {
    queue = queue, runAt = runAt, head = head, random = random, n = floor(#random / RANDOM), bodies = at + RUN_ARGS - 1, priority = priority,
    attempts = attempts, terms = enqueuedAt .. attempts .. sub(head, 4, HEAD),
  }
end

-- An id is an instant (6 bytes), a sequence number within it (3) and 5 random bytes. Ids rise even where the clock stands still or
-- steps back, and where an instant has no more numbers.
local idInstant, idSequence, idStart
local function nextId(random)
  if not idInstant then
    idInstant, idSequence = now, -1
    local last = call('GET', LAST_ID)
    if last and readU48(last, 1) >= now then
      local a, b, c = byte(last, 7, 9)
      idInstant, idSequence = readU48(last, 1), a * 65536 + b * 256 + c
    end
  end
  idSequence = idSequence + 1
  if idSequence == 16777216 then idInstant, idSequence = idInstant + 1, 0 end
  local low = idSequence % 256
  if low == 0 or not idStart then idStart = u48(idInstant) .. char(floor(idSequence / 65536), floor(idSequence / 256) % 256) end
  return idStart .. char(low) .. random
end

-- The first run-at of each zset that this call adds to, so that a new first can be told.
local firsts = {}
local function becomesFirst(key, runAt)
  if not firsts[key] then firsts[key] = tonumber(call('ZRANGE', key, '0', '0', 'WITHSCORES')[2] or math.huge) end
  local first = runAt < firsts[key]
  if first then firsts[key] = runAt end
  return first and 1 or 0
end

-- Makes the jobs of a run from the i-th on, up to one in whose way something can be or that this call looks at again: one that has a head
-- of its own or options, or whose queue has a bound. Most jobs are not like that, and it takes less time (docs/performance.md).
-- Appends id and most attempts of each to a list. Returns the number of the one behind them, and 1 where they become the first of their priority.
local function makePlain(run, i, made)
  local queue, bodies, from, first = run.queue, run.bodies, i, 0
  if #run.head > HEAD or settingsOf(queue).maxLength then return i, 0 end

  local key, records, adds, random, attempts = pendingOf(queue, run.priority), writes.records, nil, run.random, run.attempts
  local start, runAt = 'P' .. sub(run.head, 1, 1), u48(run.runAt)
  local usual, withTerms = start .. '0' .. runAt, start .. '8' .. runAt .. run.terms
  local score, isUsual, r, a, m, bytes = int(run.runAt), run.terms == enqueuedAt .. USUAL_LIMITS, #records, 0, #made, 0
  while i <= run.n do
    local body = ARGV[bodies + i]
    if byte(body) >= 128 and hasOptions(body, 1) then break end
    if not adds then
      adds, first = listOf(writes.adds, key), becomesFirst(key, run.runAt)
      a = #adds
    end
    local id = nextId(sub(random, RANDOM * i - 4, RANDOM * i))
    local record = (isUsual and idInstant == now and usual or withTerms) .. body
    records[r + 1], records[r + 2], adds[a + 1], adds[a + 2], made[m + 1], made[m + 2] = id, record, score, id, id, attempts
    i, r, a, m, bytes = i + 1, r + 2, a + 2, m + 2, bytes + #record
    if keepsLog then note(queue, 'created', id) end
  end
  if i > from then
    countAll(queue, 'created', i - from)
    queue.bytes = queue.bytes + bytes
  end
  return i, first
end

-- Writes what was made and what else has changed, by write() or flush(); and the newest id behind it: a promise of a job that is newer
-- than that and is not there was cut off from it, and fsck sees it.
local function writeMade(write)
  for _, queue in ipairs(queues) do
    if queue.counts.created then register(queue) end
  end
  write()
  if idInstant then call('SET', LAST_ID, idStart .. char(idSequence % 256)) end
end
