-- Stands before the scripts that look into jobs, as a part of Work.lua: what becomes of jobs, as docs/states.md tells it.

-- What time alone has made of jobs, three values each: id, index of its queue, and 1 its lease has ended, 2 so has that of its last
-- attempt, 3 a cancel waited for its lease, 4 it has expired. Some scripts return it.
local lapsed = {}
local function lapse(job, queue, what)
  local n = #lapsed
  lapsed[n + 1], lapsed[n + 2], lapsed[n + 3] = job.id, queue.index, what
end

-- Puts a leased job back among the pending ones. Its run-at tells when it may run next.
local function unlease(job, queue, runAt)
  change(job, queue)
  letGo(job, 'P', 0)
  job.runAt = runAt
end

local function die(job, queue)
  change(job, queue)
  letGo(job, 'D', now)
  count(queue, 'died', job.id, job.counts)
end

-- Ends a job for good, at an instant: it is kept as C completed or E expired for its retention from now on, or gone; together
-- with what is made in its place, where it has follow-ups.
local function finish(job, queue, state, at, result, hasFollowUps)
  local retention = job.retentionMs or settingsOf(queue).retentionMs or 0
  if retention == 0 then return (hasFollowUps and vanish or remove)(job, queue) end
  change(job, queue)
  if state == 'C' then endAttempt(job, 'a', now) end
  letGo(job, state, at)
  job.keptUntil, job.result = now + retention, result or ''
end

-- Ends a lease that ran out: back to pending, dead after the last attempt, gone if a cancel waits.
local function endLease(job, queue)
  count(queue, 'leasesExpired', job.id, job.counts)
  if job.cancelled then
    count(queue, 'cancelled', job.id, job.counts)
    lapse(job, queue, 3)
    remove(job, queue)
  else
    local at = job.at
    change(job, queue)
    endAttempt(job, 'e', at)
    local isLast = attemptOf(job) >= maxAttemptsOf(job)
    lapse(job, queue, isLast and 2 or 1)
    if isLast then die(job, queue) else unlease(job, queue, at) end
  end
end

-- Brings a job to where the time that has passed has brought it. Returns it, or false where that has removed it.
local function catchUp(job, queue)
  if job.state == 'L' and job.at <= now then
    endLease(job, queue)
  elseif (startBy(job) or math.huge) <= now then
    count(queue, 'expired', job.id, job.counts)
    lapse(job, queue, 4)
    finish(job, queue, 'E', startBy(job))
  elseif KEPT[job.state] and job.keptUntil <= now then
    remove(job, queue)
  end
  return loaded[job.id]
end

-- The job of the queue that keeps others of this one's unique key out, or nil.
local function holderOf(job, queue)
  local id = lockedBy(lockOf(job))
  if not id then return nil end
  load({ id })
  local holder = loaded[id]
  if not holder or holder.queue ~= queue.name or holder.uniqueKey ~= job.uniqueKey then return nil end
  holder = catchUp(holder, queue)
  return holder and holdsKey(holder) and holder or nil
end

-- The queue's next event as its indexes tell it; NEVER for none.
local function nextEvent(queue)
  local first = tonumber(NEVER)
  local function consider(key, after)
    local entry = call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if entry[2] then first = math.min(first, tonumber(entry[2]) + after) end
  end
  for _, key in ipairs({ queue.leased, queue.startBy, queue.completed, queue.expired }) do consider(key, 0) end
  local settings = settingsOf(queue)
  if settings.deadRetentionMs then consider(queue.dead, settings.deadRetentionMs) end
  for _, key in ipairs({ queue.completed, queue.expired }) do
    if call('ZCARD', key) > settings.maxRetained then first = math.min(first, now) end
  end
  return int(math.min(first, tonumber(call('HGET', queue.stats, 'redriveAt') or NEVER)))
end

-- Does what is due in the queue, for at most limit jobs. Returns for how many.
local function reap(queue, limit)
  if not hasEvent(queue) then return 0 end
  local left, settings = limit, settingsOf(queue)

  local function each(ids, key, act)
    left = left - #ids
    load(ids)
    for _, id in ipairs(ids) do
      local job = loaded[id]
      local score = job and job.queue == queue.name and scoreIn(job, queue, key)
      if score then act(job) end
      -- Where the index does not say what the record says, it is put right.
      if not score then call('ZREM', key, id) elseif not job.before then call('ZADD', key, int(score), id) end
    end
  end

  local function due(key, at) return left > 0 and call('ZRANGEBYSCORE', key, '-inf', int(at), 'LIMIT', 0, left) or {} end
  for _, key in ipairs({ queue.leased, queue.startBy, queue.completed, queue.expired }) do
    each(due(key, now), key, function(job) catchUp(job, queue) end)
  end
  if settings.deadRetentionMs then
    each(due(queue.dead, now - settings.deadRetentionMs), queue.dead, function(job)
      count(queue, 'purged', job.id, job.counts)
      remove(job, queue)
    end)
  end
  flush()
  for _, key in ipairs({ queue.completed, queue.expired }) do
    local over = math.min(left, call('ZCARD', key) - settings.maxRetained)
    if over > 0 then each(call('ZRANGE', key, 0, over - 1), key, function(job) remove(job, queue) end) end
  end
  flush()
  queue.eventAt = nil
  call('ZADD', QUEUES, nextEvent(queue), queue.name)
  return limit - left
end
