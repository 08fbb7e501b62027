-- Stands before the scripts that ask what is due in a queue or do it, after Work.lua and Body.lua.

-- The queue's next event as its indexes tell it; NEVER for none.
local function nextEvent(queue)
  local first = tonumber(NEVER)
  local function consider(key, after)
    local entry = call('ZRANGE', key, '0', '0', 'WITHSCORES')
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

-- The record of a job behind the end of its lease, and where it then stands: priority and run-at. Nil for a job that has options, that
-- somebody waits for or has cancelled, or whose attempt was not the first of several.
local LEASED, LEASE_ONLY, LEASE_AND_TERMS, LEASE_AND_DELAY = byte('L4<D', 1, 4)
local FIRST_COUNTS, TERMS = '\0\1\0\0\0\0\0\0', 12
-- Nonce, end, counts and no worker; length of the past but for the worker's name; no last error, and the attempt's number.
local ENDED, PAST, FIRST_ATTEMPT = NO_NONCE .. u48(0) .. '\0\1\0\0\0\1\0\0' .. '\0', 20, '\0\0\0\1'
local function withoutLease(queue, r)
  local state, priority, mark = byte(r, 1, 3)
  if mark == LEASE_AND_DELAY then mark = LEASE_ONLY end
  if state ~= LEASED or (mark ~= LEASE_ONLY and mark ~= LEASE_AND_TERMS) or sub(r, 30, 37) ~= FIRST_COUNTS then return nil end
  local at, worker, past, more = readU48(r, 24), byte(r, 38, 40)
  local body, start = 41 + worker, queue.bodyStart
  if mark == LEASE_AND_TERMS then
    if readU16(r, body + 6) < 2 then return nil end
    body = body + TERMS
  end
  if at > now or past + more > 0 or (sub(r, body, body + #start - 1) ~= start and not isPlainBody(queue, r, body)) then return nil end
  local ending, fence = sub(r, 24, 29), sub(r, 10, 15)
  local began = readU48(r, 10) < at and fence or ending
  return 'P' .. char(priority, mark) .. ending .. fence .. ENDED .. u16(PAST + worker) .. FIRST_ATTEMPT .. began .. ending .. 'e' .. char(worker)
    .. '\0\0' .. sub(r, 41), priority - 48, at
end

-- Ends leases by the records of their jobs, where they are like most: it takes less time (docs/performance.md). ids are the first of the
-- leased ones, and nothing else is to be written yet. Returns those that are left; what is written, flush() must write before others look.
local function endPlainLeases(queue, ids)
  if not ids[1] then return ids end
  local records, ended, others, news, n, bytes = call('HMGET', JOBS, unpack(ids)), {}, {}, writes.records, 0, 0
  for i = 1, #ids do
    local id, record, new, priority, at = ids[i], records[i], nil, nil, nil
    if record and loaded[id] == nil then new, priority, at = withoutLease(queue, record) end
    if new then
      news[2 * n + 1], news[2 * n + 2] = id, new
      n, bytes = n + 1, bytes + #new - #record
      ended[n] = id
      appendScored(pendingOf(queue, priority), at, id)
      lapse(id, queue, 1)
    else
      others[#others + 1] = id
    end
  end
  if n > 0 then
    countAll(queue, 'leasesExpired', ended, 1, n, FIRST_COUNTS)
    queue.bytes = queue.bytes + bytes
    if others[1] then writes.removes[queue.leased] = ended else writes.firsts[queue.leased] = n end
  end
  return others
end

-- Does what is due in the queue, for at most limit jobs. Returns for how many.
local function reap(queue, limit)
  if not hasEvent(queue) then return 0 end
  local left, settings = limit, settingsOf(queue)

  local function each(ids, key, act)
    load(ids)
    for _, id in ipairs(ids) do
      local job = loaded[id]
      local score = job and job.queue == queue.name and scoreIn(job, queue, key)
      if score then act(job) end
      -- Where the index does not say what the record says, it is put right.
      if not score then call('ZREM', key, id) elseif not job.before then call('ZADD', key, int(score), id) end
    end
  end

  local function take(ids)
    left = left - #ids
    return ids
  end

  local function due(key, at) return left > 0 and take(call('ZRANGEBYSCORE', key, '-inf', int(at), 'LIMIT', '0', int(left))) or {} end
  local function catch(job) catchUp(job, queue) end
  each(endPlainLeases(queue, due(queue.leased, now)), queue.leased, catch)
  flush()
  for _, key in ipairs({ queue.startBy, queue.completed, queue.expired }) do each(due(key, now), key, catch) end
  if settings.deadRetentionMs then
    each(due(queue.dead, now - settings.deadRetentionMs), queue.dead, function(job)
      count(queue, 'purged', job.id, job.counts)
      remove(job, queue)
    end)
  end
  flush()
  for _, key in ipairs({ queue.completed, queue.expired }) do
    local over = math.min(left, call('ZCARD', key) - settings.maxRetained)
    if over > 0 then each(take(call('ZRANGE', key, 0, over - 1)), key, function(job) remove(job, queue) end) end
  end
  flush()
  queue.eventAt = nil
  call('ZADD', QUEUES, nextEvent(queue), queue.name)
  return limit - left
end
