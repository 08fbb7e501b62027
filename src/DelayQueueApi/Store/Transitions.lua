-- Stands before the scripts that look into jobs, as a part of Work.lua: what becomes of jobs, as docs/states.md tells it.

-- What time alone has made of jobs, three values each: id, index of its queue, and 1 its lease has ended, 2 so has that of its last
-- attempt, 3 a cancel waited for its lease, 4 it has expired. Some scripts return it.
local lapsed = {}
local function lapse(id, queue, what)
  local n = #lapsed
  lapsed[n + 1], lapsed[n + 2], lapsed[n + 3] = id, queue.index, what
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
    lapse(job.id, queue, 3)
    remove(job, queue)
  else
    local at = job.at
    change(job, queue)
    endAttempt(job, 'e', at)
    local isLast = attemptOf(job) >= maxAttemptsOf(job)
    lapse(job.id, queue, isLast and 2 or 1)
    if isLast then die(job, queue) else unlease(job, queue, at) end
  end
end

-- Brings a job to where the time that has passed has brought it. Returns it, or false where that has removed it.
local function catchUp(job, queue)
  if job.state == 'L' and job.at <= now then
    endLease(job, queue)
  elseif (startBy(job) or math.huge) <= now then
    count(queue, 'expired', job.id, job.counts)
    lapse(job.id, queue, 4)
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
