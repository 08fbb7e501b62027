-- Stands before the scripts that make jobs, after Prelude.lua.
--
-- ARGV  jobs that are alike, a run of one or more; read by readRun():
--       1 queue      index of their queue
--       2 when       delay in ms, or "@" and a run-at, ms; the past means now
--       3 head       their priority as a digit, u16 the most attempts (0 for the queue's own, else 20) and u32 their lease, ms (0 for the
--                    queue's own). Where a job has a head of its own it goes on with what becomes of it where another job holds its
--                    unique key: r return, p replace, j reject (nothing for r), in upper case where the namespace's quotas leave no
--                    room to make it; and with an idempotency key u48 for how many ms that is known, 16 bytes that stand for the
--                    request's body, and the key. Jobs with options have an r at least
--       4 tails      6 bytes a job: its number in the call, from 0, and 5 random ones. The ids of plain jobs end with them, those of
--                    others with the next number and the random ones
--       then a record a job, as JobRecord.EncodeNew() makes it: what is stored where the job has the usual terms and its run-at has not
--       passed
local RUN_ARGS, TAIL, HEAD, HEADER = 4, 6, 7, 9
local enqueuedAt = u48(now)

local function readRun(at)
  local queue, when, head, tails = queues[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local delay, priority, attempts = tonumber(when), byte(head) - 48, sub(head, 2, 3)
  local asked = delay and now + delay or tonumber(sub(when, 2))
  if attempts == '\0\0' then
    local most = settingsOf(queue).maxAttempts
    attempts = most and u16(most) or sub(USUAL_LIMITS, 1, 2)
  end
  return {
    queue = queue, runAt = math.max(now, asked), isPast = asked < now, head = head, tails = tails, n = floor(#tails / TAIL),
    records = at + RUN_ARGS - 1, priority = priority,
    attempts = attempts, terms = enqueuedAt .. attempts .. sub(head, 4, HEAD),
  }
end

-- An id is an instant (6 bytes), a sequence number within it (3: the call's own and, in the last byte, the job's within the call) and 5
-- random bytes. Ids rise even where the clock stands still or steps back, and where an instant has no more numbers. idStart is what the
-- ids of this call begin with, and idLast the last byte of the newest number.
local idInstant, idNumber, idStart, idLast
local function startIds()
  if not idInstant then
    idInstant, idNumber = now, -1
    local last = call('GET', LAST_ID)
    if last and readU48(last, 1) >= now then
      local a, b = byte(last, 7, 8)
      idInstant, idNumber = readU48(last, 1), a * 256 + b
    end
  end
  idNumber, idLast = idNumber + 1, -1
  if idNumber == 65536 then idInstant, idNumber = idInstant + 1, 0 end
  idStart = u48(idInstant) .. u16(idNumber)
end

-- The first run-at of each zset that this call adds to, so that a new first can be told.
local firsts = {}
local function becomesFirst(key, runAt)
  if not firsts[key] then firsts[key] = tonumber(call('ZRANGE', key, '0', '0', 'WITHSCORES')[2] or math.huge) end
  local isFirst = runAt < firsts[key]
  if isFirst then firsts[key] = runAt end
  return isFirst
end

-- Writes what was made and what else has changed, by write() or flush(); and the newest id behind it: a promise of a job that is newer
-- than that and is not there was cut off from it, and fsck sees it. A queue that has counted something in this tick is among the names.
local function writeMade(write)
  for _, queue in ipairs(queues) do
    if queue.counts.created and settingsOf(queue).tick ~= tick then register(queue) end
  end
  write()
  if idInstant then call('SET', LAST_ID, idStart .. char(idLast)) end
end
