-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- include Jobs/Body.lua
-- Leases due jobs to workers: highest priority first, then earliest run-at, then earliest id. Called by ClaimStore.ClaimAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg          lease ms where neither claim nor job nor queue names one
--       arg + 1      how long claim ids are remembered, ms
--       then claims that are alike, a run of one or more:
--       1 queues     indexes of their queues in the order to serve them, as "2,1"
--       2 limit      at most so many jobs each; 100 over all claims
--       3 lease ms   "" for the job's own
--       4 nonces     8 random bytes each that make the lease tokens hard to guess
--       5 worker     who asks, for people to read
--       6 claim id   "" for none, and else a run of one; a known one gets the jobs that it was given and still holds
--       7 seen       "1" to note that the worker has asked its queues
-- Returns four values: for each claim how many jobs it gets and then id, record, id, record, …; a number a queue: µs until it may have
--         a due job (0 it has one now, -1 nothing in sight, -2 not looked at); now, ms; and what time has made of jobs, as Transitions.lua notes it.
-- A queue that is paused has no due job.
-- Cost: O(log n) a job, also one that expires, and up to 25 look-ups a queue, 5 where none is pending. A claim stops early once MAX_BYTES are out, but gets one
--       job at least; and where MAX_EXPIRED jobs, or MAX_BYTES of them, have expired and more stand in the way: its queue then has
--       a due job.
local MAX_BYTES, MAX_PAGE, RUN_ARGS, NONCE = 8 * 1024 * 1024, 100, 7, 8
local PENDING, LEASED, ZERO, NO_MARK, TERMS_ONLY, DELAY_ONLY = byte('PL008@', 1, 6)
local HEADER, TERMS, NO_LEASE_MS, AT_ONCE = 9, 12, '\0\0\0\0', '\0\0\0\0\0\0'
local FENCE, FIRST_COUNTS = u48(now), '\0\1\0\0\0\0\0\0'
local defaultLeaseMs = tonumber(ARGV[arg])
local bytes, wanted = 0, 0
for i = arg + 2, #ARGV, RUN_ARGS do wanted = wanted + tonumber(ARGV[i + 1]) * floor(#ARGV[i + 3] / NONCE) end

-- When the lease of a job of a queue ends, where the claim, then the job (u32), then the queue may name its length: at, and both forms in
-- which that is written. A call has few different ones.
local function leaseOf(queue, leaseMs, own)
  local known = queue.leases[leaseMs or own]
  if not known then
    local a, b, c, d = byte(own, 1, 4)
    local ownMs = a * 16777216 + b * 65536 + c * 256 + d
    local at = now + (leaseMs or (ownMs > 0 and ownMs) or settingsOf(queue).leaseMs or defaultLeaseMs)
    known = { at = at, score = int(at), bytes = u48(at) }
    queue.leases[leaseMs or own] = known
  end
  return known
end

-- Gives jobs that are not plain, and does what is due; most calls have none of them.
local all
local function defineAll()
  if all then return all end
  -- include Store/Work.lua
  -- include Reaping/Reap.lua
  -- include Store/Generations.lua
  -- include Leases/GrantJobs.lua
  all = { reap = reap, lapsed = lapsed, loaded = loaded, look = look, grant = grant, heldBy = heldBy, remember = remember, write = writeAll }
  return all
end

for _, queue in ipairs(queues) do
  if hasEvent(queue) then defineAll().reap(queue, 20) end
  queue.priority, queue.taken, queue.page, queue.records, queue.position, queue.nextAt = 9, 0, {}, {}, 1, math.huge
  queue.pageSize, queue.leases, queue.plain, queue.claimed = math.min(wanted, MAX_PAGE), {}, 0, {}
  if settingsOf(queue).paused then queue.priority = -1 end
end

-- Whether the priority that the queue is at has no entries, as far as is known. The upper five and the lower five are asked for at once
-- each, since most queues use few: queue.further is how many of these that it has not come to have entries.
local function isEmpty(queue)
  local priority = queue.priority
  if queue.reached == priority then return false end
  if (priority == 9 or priority == 4) and queue.asked ~= priority then
    queue.asked, queue.further = priority, call('EXISTS', unpack(KEYS, queue.first + priority - 4, queue.first + priority))
  end
  return queue.further == 0
end

local function reach(queue)
  if queue.reached ~= queue.priority then queue.reached, queue.further = queue.priority, queue.further - 1 end
end

-- The run-at of the entry of the priority that the queue is at that has so many before it; math.huge for none.
local function runAtOf(queue, rank)
  local place = int(rank)
  local runAt = not isEmpty(queue) and call('ZRANGE', pendingOf(queue, queue.priority), place, place, 'WITHSCORES')[2]
  if not runAt then return math.huge end
  reach(queue)
  return tonumber(runAt)
end

local function toNextPriority(queue)
  local priority = queue.priority
  queue.priority, queue.taken = (queue.further > 0 and priority - 1) or (priority > 4 and 4) or -1, 0
end

-- The next page of due ids of the priority that the queue is at. Claimed ids stay in the index until they are written, so it starts
-- after them. Where the entry behind the page is due, so is all before it, and no scores are read; else the first one that is not due
-- yet tells when the queue is to be looked at again. A page is as long as what is asked for, and longer where that finds jobs that are
-- not to be given.
local function readPage(queue)
  local ids, size, taken = {}, queue.pageSize, queue.taken
  queue.hasMore = runAtOf(queue, taken + size) <= now
  if queue.hasMore then
    ids = call('ZRANGE', pendingOf(queue, queue.priority), int(taken), int(taken + size - 1))
  elseif not isEmpty(queue) then
    local entries = call('ZRANGE', pendingOf(queue, queue.priority), int(taken), int(taken + size), 'WITHSCORES')
    if #entries > 0 then reach(queue) end
    for i = 1, #entries, 2 do
      local runAt = tonumber(entries[i + 1])
      if runAt > now then
        queue.nextAt = math.min(queue.nextAt, runAt)
        break
      end
      ids[#ids + 1] = entries[i]
    end
  end
  queue.page, queue.position = ids, 1
  if #ids > 0 then
    queue.records = call('HMGET', JOBS, unpack(ids))
    queue.pageSize = math.min(2 * size, MAX_PAGE)
  end
end

-- Whether the queue has an id that may be due, at its position on its page.
local function hasNext(queue)
  while queue.priority >= 0 do
    if queue.page[queue.position] then return true end
    readPage(queue)
    if not queue.page[1] then toNextPriority(queue) end
  end
  return false
end

-- What is answered, as above; and where in it the record of a job is still to come. lists are the queues of claims, of which most ask for
-- the same.
local given, n, jobs, lists, seen = {}, 0, {}, {}, {}

for i = arg + 2, #ARGV, RUN_ARGS do
  local indexes, most, leaseMs, nonces, worker, claimId = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
  local tail, isPlain, from = FIRST_COUNTS .. char(#worker) .. '\0\0' .. worker, claimId == '', lists[indexes]
  if not from then
    from = {}
    for index in string.gmatch(indexes, '%d+') do from[#from + 1] = queues[tonumber(index)] end
    lists[indexes] = from
  end
  if ARGV[i + 6] == '1' then
    for _, queue in ipairs(from) do seen[#seen + 1] = { queue, worker } end
  end
  for at = 1, #nonces, NONCE do
    local nonce, limit, first, found, held = sub(nonces, at, at + NONCE - 1), most, n + 1, 0, nil
    n = first
    if not isPlain then
      held = defineAll().heldBy(claimId)
      for _, job in ipairs(held) do given[n + 1], jobs[n + 2], n = job.id, job, n + 2 end
      found = #held
      if found > 0 then limit = 0 end
    end
    for _, queue in ipairs(from) do
      while found < limit and (found == 0 or bytes < MAX_BYTES) do
        queue.seen = true
        if not hasNext(queue) then break end

        -- Jobs that are leased by their records, up to the first one that is not plain, or the end of the page: due jobs that no worker has had,
        -- that have no options and that nobody waits for. Most are, and it takes less time (docs/performance.md).
        local granted = 0
        if isPlain then
          local ids, records, position, start, digit = queue.page, queue.records, queue.position, queue.bodyStart, ZERO + queue.priority
          local key, usual, head, taken = pendingOf(queue, queue.priority), leaseOf(queue, leaseMs, NO_LEASE_MS), char(LEASED, digit), bytes
          local behind, earliest, more, news, adds, removes, w, x = position + limit - found, math.huge, 0, writes.records, nil, nil, 0, 0
          while position < behind and (granted == 0 or taken < MAX_BYTES) do
            local id, record = ids[position], records[position]
            if not record or (all and all.loaded[id] ~= nil) then break end
            local state, priority, mark = byte(record, 1, 3)
            if state ~= PENDING or priority ~= digit then break end
            -- Marks as in Records.lua: the lease follows, and the terms where they did, or a delay for a run-at.
            local when, lease, newMark, body = sub(record, 4, HEADER), usual, '4', HEADER + 1
            if mark == DELAY_ONLY then
              if when ~= AT_ONCE and readU48(id, 1) + readU48(when, 1) > now then break end
              newMark = 'D'
            elseif readU48(when, 1) > now then
              break
            elseif mark == TERMS_ONLY then
              body = HEADER + TERMS + 1
              lease, newMark = leaseOf(queue, leaseMs, sub(record, body - 4, body - 1)), '<'
            elseif mark ~= NO_MARK then
              break
            end
            if sub(record, body, body + #start - 1) ~= start and not isPlainBody(queue, record, body) then break end
            if not adds then
              adds, removes = listOf(writes.adds, queue.leased), all and listOf(writes.removes, key)
              w, x = #news, #adds
            end
            local new = head .. newMark .. when .. FENCE .. nonce .. lease.bytes .. tail .. sub(record, HEADER + 1)
            news[w + 1], news[w + 2], adds[x + 1], adds[x + 2], given[n + 1], given[n + 2] = id, new, lease.score, id, id, new
            if removes then removes[#removes + 1] = id end
            if keepsLog then queue.claimed[queue.plain + granted + 1] = id end
            w, x, n, position, granted = w + 2, x + 2, n + 2, position + 1, granted + 1
            taken, more = taken + #record, more + #new - #record
            if lease.at < earliest then earliest = lease.at end
          end
          if granted > 0 then
            -- As long as all were plain, they are the first ones there. They stay that, since a claim adds nothing before them.
            if not removes then writes.firsts[key] = (writes.firsts[key] or 0) + granted end
            if queue.plain == 0 or earliest < queue.event then queue.event = earliest end
            queue.position, queue.taken, queue.plain, queue.bytes, bytes = position, queue.taken + granted, queue.plain + granted, queue.bytes + more, taken
          end
        end

        if granted == 0 then
          local job, goesOn = defineAll().look(queue, queue.page[queue.position], queue.records[queue.position])
          if job then
            all.grant(job, queue, leaseMs, nonce, worker)
            given[n + 1], jobs[n + 2], n, granted = job.id, job, n + 2, 1
            if held then held[#held + 1] = job end
          elseif not goesOn then
            break
          end
        end
        found = found + granted
      end
    end
    given[first] = found
    if held and limit > 0 and found > 0 then all.remember(claimId, nonce, held) end
  end
end
for _, queue in ipairs(queues) do
  if queue.plain > 0 then
    countAll(queue, 'claimed', queue.claimed, 1, queue.plain, FIRST_COUNTS)
    addEvent(queue, queue.event)
  end
end
if all then all.write() else write() end
for place, job in pairs(jobs) do given[place] = job.record end

-- Who asks for jobs of a queue is noted, the newest first: instant, length of the name, name. Of a queue that is not there nothing is noted.
local WORKERS_KEPT_MS, MAX_WORKERS = 300000, 100
for _, each in ipairs(seen) do
  local queue, worker = each[1], each[2]
  if call('ZSCORE', NAMES, queue.name) then
    local known, notes, from = call('HGET', queue.stats, 'workers') or '', { u48(now) .. char(#worker) .. worker }, 1
    while from <= #known and #notes < MAX_WORKERS do
      local nameEnd = from + 6 + byte(known, from + 6)
      if sub(known, from + 7, nameEnd) ~= worker and readU48(known, from) > now - WORKERS_KEPT_MS then notes[#notes + 1] = sub(known, from, nameEnd) end
      from = nameEnd + 1
    end
    call('HSET', queue.stats, 'workers', table.concat(notes))
  end
end

local waits = {}
for i, queue in ipairs(queues) do
  if not queue.seen then
    waits[i] = -2
  elseif queue.position <= #queue.page or queue.hasMore then
    waits[i] = 0
  else
    -- A claim that was full has not looked further.
    while queue.priority >= 0 and queue.nextAt > now do
      queue.nextAt = math.min(queue.nextAt, runAtOf(queue, 0))
      toNextPriority(queue)
    end
    local lease = call('ZRANGE', queue.leased, '0', '0', 'WITHSCORES')
    local nextAt = math.min(queue.nextAt, tonumber(lease[2] or math.huge))
    waits[i] = nextAt == math.huge and -1 or math.max(0, nextAt * 1000 - nowMicros)
  end
end
return { given, waits, now, all and all.lapsed or {} }
