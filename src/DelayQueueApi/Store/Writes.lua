-- Stands before every script, as a part of Prelude.lua: what a script writes at its end. It decides first; write() then writes records,
-- new places, old places, counts, the log, in that order, so that a write cut short leaves the truth ahead of what is derived from it,
-- where fsck mends that.
-- include Store/ChangeLog.lua

-- What write() is to write: lists, those of the queues' indexes by key. kept are the indexes of kept jobs that have new ones; firsts is how
-- many of the first entries leave an index.
local writes
local function nothingToWrite() writes = { records = {}, adds = {}, kept = {}, events = {}, removes = {}, firsts = {}, deletes = {} } end
nothingToWrite()

local function listOf(lists, key)
  local list = lists[key]
  if not list then
    list = {}
    lists[key] = list
  end
  return list
end

-- Something is to be done in the queue at that instant. There is nothing to write where it is known to have an earlier event.
local function addEvent(queue, at)
  if at < (queue.eventAt or math.huge) and at < (writes.events[queue.name] or math.huge) then writes.events[queue.name] = at end
end

-- Whether something is due in the queue.
local function hasEvent(queue)
  queue.eventAt = tonumber(call('ZSCORE', QUEUES, queue.name) or NEVER)
  return queue.eventAt <= now
end

-- From now on the queue is there, also while it has no jobs.
local function register(queue) return call('ZADD', NAMES, 'NX', '0', queue.name) end

-- Counts what happens to jobs, those of ids from one place to another, and notes it; counts are the jobs' as it happens.
local function countAll(queue, what, ids, from, to, counts)
  queue.counts[what] = (queue.counts[what] or 0) + to - from + 1
  if keepsLog then note(queue, what, ids, from, to, counts) end
end

-- The rates of a queue come from what its totals were: at the first change in each tick they are noted, the newest first.
local TICK_MS, TICKS = 15000, 22
local tick = floor(now / TICK_MS)
local function noteTotals(queue)
  if settingsOf(queue).tick == tick then return end
  queue.settings.tick = tick
  local totals = u48(tick)
  for _, total in ipairs(call('HMGET', queue.stats, 'created', 'claimed', 'acked', 'nacked', 'leasesExpired')) do totals = totals .. u48(tonumber(total or 0)) end
  local recent = sub(call('HGET', queue.stats, 'recent') or '', 1, (TICKS - 1) * #totals)
  call('HSET', queue.stats, 'tick', int(tick), 'recent', totals .. recent)
end

local function write()
  if #writes.records > 0 then call('HSET', JOBS, unpack(writes.records)) end
  for key, list in pairs(writes.adds) do call('ZADD', key, unpack(list)) end
  -- Where there are more than the queue keeps, there is something to sweep now.
  for key, queue in pairs(writes.kept) do
    if call('ZCARD', key) > settingsOf(queue).maxRetained then writes.events[queue.name] = now end
  end
  for name, at in pairs(writes.events) do call('ZADD', QUEUES, 'LT', int(at), name) end
  for key, list in pairs(writes.removes) do call('ZREM', key, unpack(list)) end
  for key, n in pairs(writes.firsts) do call('ZREMRANGEBYRANK', key, '0', int(n - 1)) end
  if #writes.deletes > 0 then call('HDEL', JOBS, unpack(writes.deletes)) end
  for _, queue in ipairs(queues) do
    if next(queue.counts) then
      noteTotals(queue)
      for what, n in pairs(queue.counts) do call('HINCRBY', queue.stats, what, int(n)) end
      queue.counts = {}
    end
    if queue.bytes ~= 0 then
      call('HINCRBY', queue.stats, 'bytes', int(queue.bytes))
      queue.bytes = 0
    end
  end
  if keepsLog then writeLog() end
end
