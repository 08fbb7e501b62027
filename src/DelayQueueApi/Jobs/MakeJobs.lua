-- Stands before the scripts that make jobs, after Prelude.lua and JobIds.lua.

-- Ids rise even where the clock stands still or steps back: an instant, then a sequence number within it.
local idInstant, idSequence = now, 0
local lastInstant, lastSequence = string.match(call('GET', LAST_ID) or '', '^(%d+) (%d+) ')
if lastInstant and tonumber(lastInstant) >= now then
  idInstant, idSequence = tonumber(lastInstant), tonumber(lastSequence) + 1
end
local instantDigits = base32(idInstant, 10)

-- Makes a pending job of priority, runAt, random (11 characters that end its id), maxAttempts, leaseMs and body.
local function make(queue, job)
  job.id = instantDigits .. base32(idSequence, 5) .. job.random
  job.state, job.cancelled, job.queue, job.enqueuedAt = 'P', false, queue.name, now
  job.fence, job.at, job.nonce, job.attempt = 0, 0, NO_NONCE, 0
  job.nacks, job.expiries, job.releases, job.worker, job.error = 0, 0, 0, '', ''
  idSequence = idSequence + 1
  add(job, queue)
  count(queue, 'created')
  return job
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

-- Writes what was made. What promises a job must be written before, and the newest id is written behind: a promise of a job
-- that is newer than that and is not there was cut off from it, and fsck sees it.
local function flushMade()
  for _, queue in ipairs(queues) do register(queue) end
  flush()
  setLastId(idInstant, idSequence - 1)
end
