-- Stands before the scripts that give dead jobs new attempts, after Prelude.lua and Ranks.lua.
--
-- A filter has: asOf, after, before (ms; jobs that died later than asOf, or not between after and before, stay dead), errorType
-- (as JobError.cs writes a filter: of the last error, "" for any) and pairs (of metadata, as in ListJobs.lua).
local function isMeant(job, queue, filter)
  if not job or job.state ~= 'D' or job.queue ~= queue.name or job.at > filter.asOf or job.at < filter.after or job.at >= filter.before then return false end
  if filter.errorType ~= '' and not hasErrorType(job, sub(filter.errorType, 2)) then return false end
  for _, pair in ipairs(filter.pairs) do
    if not hasPair(job, pair) then return false end
  end
  return true
end

-- Gives a dead job all its attempts anew. One whose unique key another live job holds stays dead. Returns whether it was done.
local function redrive(job, queue)
  if job.uniqueUntil == 'f' and holderOf(job, queue) then return false end
  change(job, queue)
  job.state, job.at, job.runAt = 'P', 0, now
  setAttempt(job, 0)
  if job.uniqueUntil == 'f' then setLock(lockOf(job), job.id) end
  count(queue, 'redriven', job.id)
  return true
end

-- The next dead jobs by time of death after a score and id, "" and "" from the start. Returns their ids, their times of death as
-- scores, and whether more follow.
local function nextDead(queue, filter, most, score, id)
  local from = id == '' and call('ZCOUNT', queue.dead, '-inf', '(' .. int(filter.after)) or rankAfter(queue.dead, score, id)
  local to = call('ZCOUNT', queue.dead, '-inf', int(math.min(filter.asOf, filter.before)))
  local entries = from < to and call('ZRANGE', queue.dead, from, math.min(to, from + most) - 1, 'WITHSCORES') or {}
  local ids, scores = {}, {}
  for i = 1, #entries, 2 do
    ids[#ids + 1] = entries[i]
    scores[#scores + 1] = int(tonumber(entries[i + 1]))
  end
  return ids, scores, from + #ids < to
end

-- A redrive that goes on in the background is a text of parts that a NUL separates, in the queue's stats.
local function readParts(text)
  local parts, from = {}, 1
  while true do
    local at = string.find(text, '\0', from, true)
    parts[#parts + 1] = sub(text, from, at and at - 1)
    if not at then return parts end
    from = at + 1
  end
end
local RUNNING, DONE, CANCELLED = 'running', 'done', 'cancelled'
