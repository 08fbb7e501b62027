-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Jobs/Body.lua
-- include Reaping/Reap.lua
-- include Store/EvenIfFull.lua
-- include Store/Ranks.lua
-- include Queues/Redrive.lua
-- Does what is due in queues: ends leases that ran out, expires jobs, forgets those that are kept no longer, goes on with a redrive.
-- Called by ReapStore.ReapAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then the most jobs to do it for a queue
-- Returns two lists: for how many jobs of each queue something was done; and what time has made of jobs, as Transitions.lua notes it.
-- Cost: O(log n) a job, O(log² n) a redrive.

-- The next step of a redrive: as many jobs as its rate gives for a tenth of a second, among the next ones that are looked at.
-- See RedriveTask.lua for its parts.
local MAX_STEP, STEPS_A_SECOND = 20, 10
local function goOn(queue)
  local known = call('HMGET', queue.stats, 'redrive', 'redriveAfter')
  local parts, after = readParts(known[1] or ''), known[2]
  if parts[1] ~= RUNNING then return 0 end
  local function part(i) return tonumber(parts[i]) end
  local filter = { asOf = part(10), errorType = parts[11], after = part(12), before = part(13), pairs = {} }
  for i = 14, #parts do filter.pairs[#filter.pairs + 1] = parts[i] end
  local rate, limit, meant, redriven, seen = part(4), part(5) - part(6), 0, 0, 0
  local most = math.min(math.ceil(rate / STEPS_A_SECOND), limit)
  local ids, scores, more = nextDead(queue, filter, MAX_STEP, parts[9], after)
  load(ids)
  for i, id in ipairs(ids) do
    if redriven >= most or meant >= limit then break end
    seen, parts[9], after = i, scores[i], id
    if isMeant(loaded[id], queue, filter) then
      meant = meant + 1
      if redrive(loaded[id], queue) then redriven = redriven + 1 end
    end
  end
  flush()
  local over = (seen == #ids and not more) or meant >= limit
  parts[6], parts[7], parts[8] = int(part(6) + meant), int(part(7) + redriven), int(part(8) + seen)
  if over then parts[1], parts[3] = DONE, int(now) end
  call('HSET', queue.stats, 'redrive', table.concat(parts, '\0'), 'redriveAfter', after,
    'redriveAt', over and NEVER or int(now + math.ceil(redriven * 1000 / rate)))
  call('ZADD', QUEUES, nextEvent(queue), queue.name)
  return redriven
end

local answers = {}
for i, queue in ipairs(queues) do
  answers[i] = reap(queue, tonumber(ARGV[arg]))
  if tonumber(call('HGET', queue.stats, 'redriveAt') or NEVER) <= now then answers[i] = answers[i] + goOn(queue) end
end
return { answers, lapsed }
