-- Stands before the scripts that make jobs of all kinds, after NewJobs.lua, Work.lua and a local idempotency: the memory of idempotency
-- keys, kept for at least as long as any may ask for; nil where none are given.
local MADE, REPLAYED, EXISTS, KEY_REUSED, KEY_TAKEN, FULL, OVER_QUOTA = 1, 2, 3, -1, -2, -3, -4

-- What all new jobs have in common.
local NEW = { __index = setmetatable({ state = 'P', onConflict = 'r' }, JOB) }

-- The i-th job of a run, to be planned and made.
local function specOf(run, i)
  local head, body = run.head, sub(ARGV[run.records + i], HEADER + 1)
  local spec = setmetatable({
    id = '', record = '', inQueue = run.queue, queue = run.queue.name, priority = run.priority, random = sub(run.tails, TAIL * i - 4, TAIL * i),
    body = body, runAt = run.runAt, terms = run.terms, before = '', isFirst = false,
  }, NEW)
  local _, options = readStart(body, 1)
  if options ~= '' then readOptions(spec, options) end
  if #head > HEAD then
    local letter = sub(head, HEAD + 1, HEAD + 1)
    spec.onConflict = string.lower(letter)
    spec.isOver = letter ~= spec.onConflict
    if #head > HEAD + 1 then
      spec.knownMs, spec.hash, spec.key = readU48(head, HEAD + 2), sub(head, HEAD + 8, HEAD + 23), sub(head, HEAD + 24)
    end
  end
  return spec
end

local remembered, toRemember = {}, {}
local function knownUnder(key)
  if not remembered[key] then
    local known = idempotency.get(key)
    if known and readU48(known, 45) > now then
      remembered[key] = {
        hash = sub(known, 1, 16), id = sub(known, 29, 42), runAt = readU48(known, 17), terms = sub(known, 23, 28) .. sub(known, 43, 44),
      }
    end
  end
  return remembered[key]
end

-- How many pending and leased jobs a queue has: as its indexes tell, and then what this script has decided and not written yet.
local function lengthOf(queue)
  if not queue.length then
    queue.length = call('ZCARD', queue.leased)
    for priority = 0, 9 do queue.length = queue.length + call('ZCARD', pendingOf(queue, priority)) end
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

local function nextId(random)
  if not idStart or idLast == 255 then startIds() end
  idLast = idLast + 1
  return idStart .. char(idLast) .. random
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
  job.isFirst = becomesFirst(pendingOf(queue, job.priority), job.runAt)
  return job
end

-- Writes what was made and what else has changed. Keys, and what else promises a job, are written before it.
local function flushMade()
  for _, job in ipairs(toRemember) do
    idempotency.set(job.key, job.hash .. u48(job.runAt) .. sub(job.terms, 1, 6) .. job.id .. sub(job.terms, 7, 8) .. u48(now + job.knownMs))
  end
  if idempotency then idempotency.write() end
  writeMade(flush)
end
