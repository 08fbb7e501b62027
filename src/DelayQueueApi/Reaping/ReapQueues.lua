-- include Store/Prelude.lua
-- include Store/Ranks.lua
-- include Queues/Redrive.lua
-- Does what is due in queues: ends leases that ran out, expires jobs, forgets those that are kept no longer, goes on with a redrive.
-- Called by ReapStore.ReapAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then the most jobs to do it for a queue
-- Returns one integer a queue: for how many jobs something was done.
-- Cost: O(log n) a job, O(log² n) a redrive.

-- The next step of a redrive: as many jobs as its rate gives for a tenth of a second. See RedriveTask.lua for its parts.
local MAX_STEP, STEPS_A_SECOND = 20, 10
local function goOn(queue)
  local parts = readParts(call('HGET', queue.stats, 'redrive'))
  local function part(i) return tonumber(parts[i]) end
  local filter = { asOf = part(11), errorType = parts[12], after = part(13), before = part(14), pairs = {} }
  for i = 15, #parts do filter.pairs[#filter.pairs + 1] = parts[i] end
  local rate, meant, redriven = part(4), 0, 0
  local most = math.min(MAX_STEP, math.ceil(rate / STEPS_A_SECOND), part(5) - part(6))
  -- So that the rate holds, no more are looked at than may be redriven; those that are not meant cost no time.
  local ids, score, id = nextDead(queue, filter, most, parts[9], parts[10])
  load(ids)
  for _, each in ipairs(ids) do
    local job = loaded[each]
    if isMeant(job, queue, filter) then
      meant = meant + 1
      if redrive(job, queue) then redriven = redriven + 1 end
    end
  end
  flush()
  parts[6], parts[7], parts[8] = int(part(6) + meant), int(part(7) + redriven), int(part(8) + #ids)
  parts[9], parts[10] = score, id
  local over = id == '' or part(6) >= part(5)
  if over then parts[1], parts[3] = DONE, int(now) end
  call('HSET', queue.stats, 'redrive', table.concat(parts, '\0'))
  if over then
    call('HDEL', queue.stats, 'redriveAt')
  else
    call('HSET', queue.stats, 'redriveAt', int(now + math.ceil(redriven * 1000 / rate)))
  end
  call('ZADD', QUEUES, nextEvent(queue), queue.name)
  return redriven
end

local answers = {}
for i, queue in ipairs(queues) do
  answers[i] = reap(queue, tonumber(ARGV[arg]))
  if tonumber(call('HGET', queue.stats, 'redriveAt') or NEVER) <= now then answers[i] = answers[i] + goOn(queue) end
end
return answers
