-- Stands before every script, as a part of Prelude.lua: how a job lies in the store (docs/keyspace.md).
--
-- 21 bytes of header (big-endian numbers); where a worker has ever had the job or it is finished 31 bytes of its lease, worker and
-- past; the end of a finished job; and the body. The body (queue, options, backoff and what only C# reads) is made by
-- JobRecord.cs and only copied here.
local function u16(n) return char(floor(n / 256) % 256, n % 256) end
local function u32(n) return char(floor(n / 16777216) % 256, floor(n / 65536) % 256, floor(n / 256) % 256, n % 256) end

-- A batch writes few different numbers, and each of them often: looking one up takes a fifth of the time.
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

local function readU16(s, i) local a, b = byte(s, i, i + 1); return a * 256 + b end
local function readU32(s, i) local a, b, c, d = byte(s, i, i + 3); return a * 16777216 + b * 65536 + c * 256 + d end
local function readU48(s, i)
  local a, b, c, d, e, f = byte(s, i, i + 5)
  return a * 1099511627776 + b * 4294967296 + c * 16777216 + d * 65536 + e * 256 + f
end

local NO_NONCE = '\0\0\0\0\0\0\0\0'

-- The mark is a digit, the sum of: a cancel was asked for while leased; somebody waits for the job's end; the lease follows.
local CANCELLED_MARK, WATCHED_MARK, LEASE_MARK = 1, 2, 4

-- Completed, or expired: the job is kept for a time.
local function isKept(state) return state == 'C' or state == 'E' end

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

-- Where a body begins: the end of its queue's name, and its options. The top bit of the name's length says that there are some.
local function readStart(s, from)
  local length = byte(s, from)
  local queueEnd = from + length % 128
  if length < 128 then return queueEnd, queueEnd, '' end
  local optionsEnd = queueEnd + 1 + byte(s, queueEnd + 1)
  return queueEnd, optionsEnd, sub(s, queueEnd + 2, optionsEnd)
end

-- A job; record is what lies in the store of it.
local function readJob(id, r)
  local state, mark, headEnd = sub(r, 1, 1), byte(r, 3) - 48, 21
  local fence, at, nonce, attempt, nacks, expiries, releases, worker, past = 0, 0, NO_NONCE, 0, 0, 0, 0, '', ''
  if mark >= LEASE_MARK then
    fence, at, nonce = readU48(r, 22), readU48(r, 28), sub(r, 34, 41)
    attempt, nacks, expiries, releases = readU16(r, 42), readU16(r, 44), readU16(r, 46), readU16(r, 48)
    local workerEnd = 52 + byte(r, 50)
    headEnd = workerEnd + readU16(r, 51)
    worker, past = sub(r, 53, workerEnd), sub(r, workerEnd + 1, headEnd)
  end
  local keptUntil, result
  if isKept(state) then
    local resultEnd = headEnd + 10 + readU32(r, headEnd + 7)
    keptUntil, result = readU48(r, headEnd + 1), sub(r, headEnd + 11, resultEnd)
    headEnd = resultEnd
  end
  local queueEnd, startEnd, options = readStart(r, headEnd + 1)
  local job = {
    id = id, record = r, state = state, priority = byte(r, 2) - 48,
    cancelled = mark % 2 == CANCELLED_MARK, watched = mark % LEASE_MARK >= WATCHED_MARK,
    runAt = readU48(r, 4), enqueuedAt = readU48(r, 10), maxAttempts = readU16(r, 16), leaseMs = readU32(r, 18),
    fence = fence, at = at, nonce = nonce, attempt = attempt, nacks = nacks, expiries = expiries, releases = releases,
    worker = worker, past = past, keptUntil = keptUntil, result = result,
    queue = sub(r, headEnd + 2, queueEnd), backoff = sub(r, startEnd + 2, startEnd + 1 + byte(r, startEnd + 1)), body = sub(r, headEnd + 1),
  }
  if options ~= '' then readOptions(job, options) end
  return job
end

local function writeJob(job)
  local mark, lease = (job.cancelled and CANCELLED_MARK or 0) + (job.watched and WATCHED_MARK or 0), ''
  if job.fence > 0 or job.state ~= 'P' then
    mark = mark + LEASE_MARK
    lease = u48(job.fence) .. u48(job.at) .. job.nonce .. u48(job.attempt * 4294967296 + job.nacks * 65536 + job.expiries) .. u16(job.releases)
      .. char(#job.worker) .. u16(#job.past) .. job.worker .. job.past
      .. (isKept(job.state) and u48(job.keptUntil) .. u32(#job.result) .. job.result or '')
  end
  return job.state .. char(48 + job.priority, 48 + mark) .. u48(job.runAt) .. u48(job.enqueuedAt)
    .. u48(job.maxAttempts * 4294967296 + job.leaseMs) .. lease .. job.body
end

-- The JSON of a job's metadata, "" for none.
local function metadataOf(job)
  local _, startEnd = readStart(job.body, 1)
  local from = startEnd + 2 + byte(job.body, startEnd + 1)
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

-- Cuts a text to at most so many bytes, between two characters of UTF-8.
local function cut(text, most)
  if #text <= most then return text end
  while most > 0 and byte(text, most + 1) >= 128 and byte(text, most + 1) < 192 do most = most - 1 end
  return sub(text, 1, most)
end

-- Notes how an attempt has ended: a acked, n nacked, e by the end of its lease, r released.
local function endAttempt(job, outcome, at, err)
  local lastError, attempts = splitPast(job.past)
  if err then lastError = err end
  local kept, from = 0, 1
  while from <= #attempts do
    kept, from = kept + 1, from + 18 + byte(attempts, from + 15) + readU16(attempts, from + 16)
  end
  if kept >= MAX_ATTEMPTS_KEPT then attempts = sub(attempts, 19 + byte(attempts, 16) + readU16(attempts, 17)) end
  local short = cut(err or '', MAX_ERROR_KEPT)
  -- The fence of a lease is the instant of its claim, but for claims within one ms and clocks that were set back.
  attempts = attempts .. u16(job.attempt) .. u48(math.min(job.fence, at)) .. u48(at) .. outcome
    .. char(#job.worker) .. u16(#short) .. job.worker .. short
  job.past = (lastError == '' and '\0' or lastError) .. '\0' .. attempts
end
