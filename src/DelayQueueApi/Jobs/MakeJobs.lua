-- Stands before the scripts that make jobs, after Prelude.lua and Generations.lua.
--
-- ARGV  four a job, read by readJobs():
--       1 queue      index of its queue
--       2 when       delay in ms, or "@" and a run-at, ms; the past means now
--       3 head       5 random bytes that end its id, its priority as a digit, u16 the most attempts (0 for the queue's own, else 20)
--                    and u32 its lease, ms (0 for the queue's own); then what becomes of it where another job holds its unique
--                    key: r return, p replace, j reject (nothing for r), in upper case where the namespace's quotas leave no
--                    room to make it; and with an idempotency key u48 for how many ms that is
--                    known, 16 bytes that stand for the request's body, and the key
--       4 body       the rest of the record, in JobRecord's form
local JOB_ARGS, HEAD, DEFAULT_ATTEMPTS = 4, 12, 20
local MADE, REPLAYED, EXISTS, KEY_REUSED, KEY_TAKEN, FULL, OVER_QUOTA = 1, 2, 3, -1, -2, -3, -4

-- What it takes to make jobs. A function, since most acks make none, and what a script defines it defines anew in every call.
-- idempotency: the memory of idempotency keys, kept for at least as long as any may ask for; nil where none are given.
local function maker(idempotency)
  -- What all new jobs have in common.
  local NEW = { __index = setmetatable({ state = 'P', onConflict = 'r' }, JOB) }
  local enqueuedAt = u48(now)

  local function runAtOf(when)
    local delay = tonumber(when)
    return delay and now + delay or math.max(now, tonumber(sub(when, 2)))
  end

  -- The end of a record's times, as a head asks for it in a queue; by both, since a batch has few different ones.
  local asked = {}
  local function attemptsAndLease(queue, head)
    local own = sub(head, 7, HEAD)
    local known = asked[queue] or {}
    if not known[own] then
      asked[queue] = known
      known[own] = sub(own, 1, 2) == '\0\0' and u16(settingsOf(queue).maxAttempts or DEFAULT_ATTEMPTS) .. sub(own, 3) or own
    end
    return known[own]
  end

  local function readJobs(from, n)
    local specs = {}
    for i = 1, n do
      local at = from + (i - 1) * JOB_ARGS
      local queue, head, body = queues[tonumber(ARGV[at])], ARGV[at + 2], ARGV[at + 3]
      local runAt = runAtOf(ARGV[at + 1])
      local spec = setmetatable({
        id = '', record = '', inQueue = queue, queue = queue.name, priority = byte(head, 6) - 48, random = sub(head, 1, 5), body = body,
        runAt = runAt, times = u48(runAt) .. enqueuedAt .. attemptsAndLease(queue, head), before = '', first = 0,
      }, NEW)
      local _, _, options = readStart(body, 1)
      if options ~= '' then readOptions(spec, options) end
      if #head > HEAD then
        local letter = sub(head, HEAD + 1, HEAD + 1)
        spec.onConflict = string.lower(letter)
        spec.isOver = letter ~= spec.onConflict
        if #head > HEAD + 1 then
          spec.knownMs, spec.hash, spec.key = readU48(head, HEAD + 2), sub(head, HEAD + 8, HEAD + 23), sub(head, HEAD + 24)
        end
      end
      specs[i] = spec
    end
    return specs
  end

  local remembered, toRemember = {}, {}
  local function knownUnder(key)
    if not remembered[key] then
      local known = idempotency.get(key)
      if known and readU48(known, 45) > now then
        remembered[key] = {
          hash = sub(known, 1, 16), id = sub(known, 29, 42), runAt = readU48(known, 17), times = sub(known, 17, 28) .. sub(known, 43, 44),
        }
      end
    end
    return remembered[key]
  end

  -- How many pending and leased jobs a queue has: as its indexes tell, and then what this script has decided and not written yet.
  local function lengthOf(queue)
    if not queue.length then
      queue.length = call('ZCARD', queue.leased)
      for priority = 0, 9 do queue.length = queue.length + call('ZCARD', queue.pending(priority)) end
    end
    local length, elsewhere = queue.length, { [''] = true, [queue.dead] = true, [queue.completed] = true, [queue.expired] = true }
    for _, job in ipairs(changed) do
      if job.inQueue == queue then
        if not elsewhere[job.before] then length = length - 1 end
        if not job.gone and (job.state == 'P' or job.state == 'L') then length = length + 1 end
      end
    end
    return length
  end

  -- Whether a queue has no room for one more job, where extra more are still to be made and leave it.
  local function isFull(queue, extra)
    local most = settingsOf(queue).maxLength
    return most and lengthOf(queue) + extra >= most
  end

  -- Decides what becomes of a job that is asked for, and makes nothing yet; extra as isFull() takes it, and leaving is a job that is
  -- not in the way.
  -- Returns a status, and the job that it is about: the one known, in the way, or (made) to be replaced.
  local function plan(spec, extra, leaving)
    local queue = spec.inQueue
    local known = spec.key and knownUnder(spec.key)
    if known then return known.hash == spec.hash and REPLAYED or KEY_REUSED, known end
    local holder = spec.uniqueKey and holderOf(spec, queue) or nil
    if holder == leaving then holder = nil end
    local replaced = holder and spec.onConflict == 'p' and holder.state == 'P'
    if holder and not replaced then return spec.onConflict == 'r' and EXISTS or KEY_TAKEN, holder end
    -- The one that is replaced may be the smaller one.
    if spec.isOver then return OVER_QUOTA, nil end
    if isFull(queue, extra - (replaced and 1 or 0)) then return FULL, nil end
    return MADE, holder
  end

  -- An id is an instant (6 bytes), a sequence number within it (3) and 5 random bytes. Ids rise even where the clock stands still or
  -- steps back, and where an instant has no more numbers.
  local idInstant, idSequence, idStart, newest
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
    newest = idStart .. char(low)
    return newest .. random
  end

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

  -- Makes the job whose arguments begin there, if nothing can be in its way and nothing looks at it again in this call: it has no keys and
  -- no options, and its queue no bound. Most jobs are like that, and it takes less time (docs/performance.md).
  -- Returns id and most attempts, whether it becomes its queue's first of its priority, and the queue; or nil.
  local function makePlain(at)
    local queue, head, body = queues[tonumber(ARGV[at])], ARGV[at + 2], ARGV[at + 3]
    if #head > HEAD or byte(body) > 127 or settingsOf(queue).maxLength then return nil end
    local runAt, rest = runAtOf(ARGV[at + 1]), attemptsAndLease(queue, head)
    local id, key = nextId(sub(head, 1, 5)), queue.pending(byte(head, 6) - 48)
    local record = 'P' .. sub(head, 6, 6) .. '0' .. u48(runAt) .. enqueuedAt .. rest .. body
    addRecord(id, record)
    queue.bytes = queue.bytes + #record
    appendScored(writes.adds, key, runAt, id)
    count(queue, 'created', id)
    return id .. sub(rest, 1, 2), becomesFirst(key, runAt), queue
  end

  -- Makes a pending job that plan() has let pass, in the place of another where one is given.
  local function make(job, replaced)
    local queue = job.inQueue
    if replaced then
      count(queue, 'cancelled', replaced.id, replaced.counts)
      vanish(replaced, queue)
    end
    job.id = nextId(job.random)
    add(job, queue)
    count(queue, 'created', job.id)
    if job.uniqueKey then setLock(lockOf(job), job.id) end
    if job.key then
      remembered[job.key] = job
      toRemember[#toRemember + 1] = job
    end
    job.first = becomesFirst(queue.pending(job.priority), job.runAt)
    return job
  end

  -- Writes what was made and what else has changed. Keys, and what else promises a job, are written before it, and the newest id
  -- behind it: a promise of a job that is newer than that and is not there was cut off from it, and fsck sees it.
  local function flushMade()
    for _, job in ipairs(toRemember) do
      idempotency.set(job.key, job.hash .. sub(job.times, 1, 12) .. job.id .. sub(job.times, 13, 14) .. u48(now + job.knownMs))
    end
    if idempotency then idempotency.write() end
    if newest then
      for _, queue in ipairs(queues) do
        if queue.counts.created then register(queue) end
      end
    end
    flush()
    if newest then call('SET', LAST_ID, newest) end
  end

  return { readJobs = readJobs, plan = plan, make = make, makePlain = makePlain, flush = flushMade }
end
