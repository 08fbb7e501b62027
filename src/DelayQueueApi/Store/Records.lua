-- Stands before the scripts that look into jobs, as a part of Work.lua: how a job lies in the store (docs/keyspace.md).
--
-- 9 bytes of header (big-endian numbers); where a worker has ever had the job or it is finished 31 bytes of its lease, worker and
-- past; the end of a finished job; 12 bytes of its terms, where they are not the usual ones; and the body.
-- The body (queue, options, backoff and what only C# reads) is made by JobRecord.cs and only copied here.
local function u32(n) return char(floor(n / 16777216) % 256, floor(n / 65536) % 256, floor(n / 256) % 256, n % 256) end

local function readU16(s, i) local a, b = byte(s, i, i + 1); return a * 256 + b end
local function readU32(s, i) local a, b, c, d = byte(s, i, i + 3); return a * 16777216 + b * 65536 + c * 256 + d end

local NO_NONCE = '\0\0\0\0\0\0\0\0'

-- The mark is a sum: a cancel was asked for while leased; somebody waits for the job's end; the lease follows; the terms follow; run-at
-- is told as a delay from the instant in the id. The last two never go together, and the last one stands only as long as run-at is the first.
local CANCELLED_MARK, WATCHED_MARK, LEASE_MARK, TERMS_MARK, DELAY_MARK = 1, 2, 4, 8, 16

-- A job's terms: enqueued-at (u48), the most attempts (u16) and its own lease, ms (u32). Enqueued-at is the instant in the id, but where
-- the clock was set back.
local function usualTerms(id) return sub(id, 1, 6) .. USUAL_LIMITS end

-- Completed, or expired: the job is kept for a time.
local KEPT = { C = true, E = true }

-- Options stand in this order: t<ttl ms>, r<retention ms>, u and f (until finished) or s (until started) and the unique key.
local function readOptions(job, options)
  local from, ms = 1, string.match(options, '^t(%d+)')
  if ms then job.ttlMs, from = tonumber(ms), #ms + 2 end
  ms = string.match(options, '^r(%d+)', from)
  if ms then job.retentionMs, from = tonumber(ms), from + #ms + 1 end
  if sub(options, from, from) == 'u' then
    job.uniqueUntil, job.uniqueKey = sub(options, from + 1, from + 1), sub(options, from + 2)
  end
end

-- Where a body begins: the end of its queue's name, and its options and their end; nil for the end where there are neither options nor
-- backoff, metadata and traceparent, which the top bit of the name's length tells.
local function readStart(s, from)
  local length = byte(s, from)
  local queueEnd = from + length % 128
  if length < 128 then return queueEnd, '', nil end
  local optionsEnd = queueEnd + 1 + byte(s, queueEnd + 1)
  return queueEnd, sub(s, queueEnd + 2, optionsEnd), optionsEnd
end

local function queueIn(s, from, to)
  local name = sub(s, from, to)
  return string.find(name, '/', 1, true) and name or DEFAULT_SPACE .. name
end

-- A job that no worker has had: its lease is fence and nonce, as a token names it; its tail is what follows its counts.
local NO_LEASE, NO_COUNTS, NO_TAIL = '\0\0\0\0\0\0' .. NO_NONCE, '\0\0\0\0\0\0\0\0', '\0\0\0'
local JOB = { __index = {
  lease = NO_LEASE, at = 0, counts = NO_COUNTS, tail = NO_TAIL, cancelled = false, watched = false, hadStartBy = false, gone = false,
} }

-- A job; record is what lies in the store of it. Scripts do this thousands of times a second, so that what few of them look at
-- stays as it stands in the record: terms, counts and tail, which the functions below read.
local function readJob(id, r)
  local state, mark, runAt, asDelay, headEnd, terms = sub(r, 1, 1), byte(r, 3) - 48, readU48(r, 4), nil, 9, nil
  if mark >= DELAY_MARK then
    mark, runAt = mark - DELAY_MARK, readU48(id, 1) + runAt
    asDelay = runAt
  end
  local hasTerms = mark >= TERMS_MARK
  if hasTerms then mark = mark - TERMS_MARK end
  local lease, at, counts, tail, keptUntil, result = NO_LEASE, 0, NO_COUNTS, NO_TAIL, nil, nil
  if mark >= LEASE_MARK then
    local a, b, c = byte(r, 38, 40)
    headEnd = 40 + a + b * 256 + c
    lease, at, counts, tail = sub(r, 10, 23), readU48(r, 24), sub(r, 30, 37), sub(r, 38, headEnd)
    if KEPT[state] then
      local resultEnd = headEnd + 10 + readU32(r, headEnd + 7)
      keptUntil, result = readU48(r, headEnd + 1), sub(r, headEnd + 11, resultEnd)
      headEnd = resultEnd
    end
  end
  if hasTerms then
    terms, headEnd = sub(r, headEnd + 1, headEnd + 12), headEnd + 12
  else
    terms = usualTerms(id)
  end
  local queueEnd, options = readStart(r, headEnd + 1)
  local job = setmetatable({
    id = id, record = r, state = state, priority = byte(r, 2) - 48, runAt = runAt, asDelay = asDelay, terms = terms, lease = lease, at = at,
    counts = counts, tail = tail, keptUntil = keptUntil, result = result,
    queue = queueIn(r, headEnd + 2, queueEnd), body = sub(r, headEnd + 1), before = false, inQueue = false,
  }, JOB)
  if mark % LEASE_MARK > 0 then job.cancelled, job.watched = mark % 2 == CANCELLED_MARK, mark % LEASE_MARK >= WATCHED_MARK end
  if options ~= '' then readOptions(job, options) end
  return job
end

local function writeJob(job)
  local mark, lease, terms = (job.cancelled and CANCELLED_MARK or 0) + (job.watched and WATCHED_MARK or 0), '', job.terms
  local when = u48(job.runAt)
  if terms ~= usualTerms(job.id) then
    mark = mark + TERMS_MARK
  else
    terms = ''
    if job.runAt == job.asDelay then mark, when = mark + DELAY_MARK, sub(job.record, 4, 9) end
  end
  if job.lease ~= NO_LEASE or job.state ~= 'P' then
    mark, lease = mark + LEASE_MARK, job.lease .. u48(job.at) .. job.counts .. job.tail
    if KEPT[job.state] then lease = lease .. u48(job.keptUntil) .. u32(#job.result) .. job.result end
  end
  return job.state .. char(48 + job.priority, 48 + mark) .. when .. lease .. terms .. job.body
end

local function enqueuedAtOf(job) return readU48(job.terms, 1) end
local function maxAttemptsOf(job) return readU16(job.terms, 7) end
local function leaseMsOf(job) return readU32(job.terms, 9) end
local function makeTerms(enqueuedAt, maxAttempts, leaseMs) return u48(enqueuedAt) .. u16(maxAttempts) .. u32(leaseMs) end

local function attemptOf(job) return readU16(job.counts, 1) end
local function setAttempt(job, attempt) job.counts = u16(attempt) .. sub(job.counts, 3) end

local function workerOf(job) return sub(job.tail, 4, 3 + byte(job.tail, 1)) end
local function pastOf(job) return sub(job.tail, 4 + byte(job.tail, 1)) end
local function setTail(job, worker, past) job.tail = char(#worker) .. u16(#past) .. worker .. past end

-- Takes a job from its worker. The fence stays, so that the next one is larger.
local function letGo(job, state, at)
  job.state, job.at, job.lease = state, at, sub(job.lease, 1, 6) .. NO_NONCE
  if byte(job.tail, 1) > 0 then setTail(job, '', pastOf(job)) end
end

local function backoffOf(job)
  local _, _, optionsEnd = readStart(job.body, 1)
  return optionsEnd and sub(job.body, optionsEnd + 2, optionsEnd + 1 + byte(job.body, optionsEnd + 1)) or ''
end

-- The JSON of a job's metadata, "" for none.
local function metadataOf(job)
  local _, _, optionsEnd = readStart(job.body, 1)
  if not optionsEnd then return '' end
  local from = optionsEnd + 2 + byte(job.body, optionsEnd + 1)
  return sub(job.body, from + 2, from + 1 + readU16(job.body, from))
end

-- Whether a job has a pair of metadata, as it stands in the record: "name":"value". Quotes within both are escaped, so that the
-- pairs are told apart by theirs; a search in the whole text would also find what begins with the end of a name.
local function hasPair(job, pair)
  for each in string.gmatch(metadataOf(job), '"[^"]*":"[^"]*"') do
    if each == pair then return true end
  end
  return false
end

-- The past of a job: its last error as type, NUL, message; then, once an attempt has ended, a NUL and the last attempts, each
-- of 18 bytes (number, start, end, outcome, length of the worker's name, and of the error), worker and error.
local MAX_ATTEMPTS_KEPT, MAX_ERROR_KEPT = 10, 1024

local function splitPast(past)
  local typeEnd = string.find(past, '\0', 1, true)
  local errorEnd = typeEnd and string.find(past, '\0', typeEnd + 1, true)
  if errorEnd then return sub(past, 1, errorEnd - 1), sub(past, errorEnd + 1) end
  return past, ''
end

-- Whether a job's last error has a type; "" for none.
local function hasErrorType(job, errorType)
  local past = pastOf(job)
  return sub(past, 1, #errorType + 1) == errorType .. '\0' or (past == '' and errorType == '')
end

-- Cuts a text to at most so many bytes, between two characters of UTF-8.
local function cut(text, most)
  if #text <= most then return text end
  while most > 0 and byte(text, most + 1) >= 128 and byte(text, most + 1) < 192 do most = most - 1 end
  return sub(text, 1, most)
end

-- Notes how an attempt has ended: a acked, n nacked, e by the end of its lease, r released. All but the first are counted too.
local COUNTED_AT = { n = 3, e = 5, r = 7 }
local function endAttempt(job, outcome, at, err)
  local i, counts, worker = COUNTED_AT[outcome], job.counts, workerOf(job)
  if i then job.counts = sub(counts, 1, i - 1) .. u16(math.min(readU16(counts, i) + 1, 65535)) .. sub(counts, i + 2) end
  local lastError, attempts = splitPast(pastOf(job))
  if err then lastError = err end
  local kept, from = 0, 1
  while from <= #attempts do
    kept, from = kept + 1, from + 18 + byte(attempts, from + 15) + readU16(attempts, from + 16)
  end
  if kept >= MAX_ATTEMPTS_KEPT then attempts = sub(attempts, 19 + byte(attempts, 16) + readU16(attempts, 17)) end
  local short = cut(err or '', MAX_ERROR_KEPT)
  -- The fence of a lease is the instant of its claim, but for claims within one ms and clocks that were set back.
  attempts = attempts .. sub(counts, 1, 2) .. u48(math.min(readU48(job.lease, 1), at)) .. u48(at) .. outcome
    .. char(#worker) .. u16(#short) .. worker .. short
  setTail(job, worker, (lastError == '' and '\0' or lastError) .. '\0' .. attempts)
end
