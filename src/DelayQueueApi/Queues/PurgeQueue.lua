-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/EvenIfFull.lua
-- Deletes a queue's jobs of one state, a bounded number of them: those that are named, or the next ones. Called by
-- QueueStore.PurgeAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    state: scheduled, ready, dead, completed or expired
--       most   how many to delete, where none are named
--       as-of  instant of which the state is, ms; "" for now
--       ids…   the named ones
-- Returns how many are deleted; how many of the state there were, where none are named; and as-of, ms.
-- Cost: O(log n) a job; at most 100.
local queue, state, most, asOf = queues[1], ARGV[arg], tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2]) or now
local named, indexes = {}, { queue[state] }
for i = arg + 3, #ARGV do named[#named + 1] = ARGV[i] end
local least, largest = '-inf', int(asOf)
if state == 'scheduled' then least, largest = '(' .. int(asOf), '+inf' end
if state == 'completed' or state == 'expired' then largest = '+inf' end
if state == 'scheduled' or state == 'ready' then
  for priority = 9, 0, -1 do indexes[10 - priority] = pendingOf(queue, priority) end
end

local purged, there = 0, 0
-- Deletes a job if it stands in the index and has not been taken from there by the time that has passed. Returns whether it stood there.
local function purge(id, index)
  local job = loaded[id]
  local score = job and job.queue == queue.name and scoreIn(job, queue, index)
  if not score then return false end
  if catchUp(job, queue) ~= job or not scoreIn(job, queue, index) then return true end
  if not KEPT[job.state] then count(queue, state == 'dead' and 'purged' or 'cancelled', job.id, job.counts) end
  remove(job, queue)
  purged = purged + 1
  return true
end

if #named > 0 then
  load(named)
  for _, id in ipairs(named) do
    local job = loaded[id]
    local due = job and job.state == 'P' and (job.runAt <= asOf) == (state == 'ready')
    if due or (job and job.state ~= 'P') then for _, index in ipairs(indexes) do if purge(id, index) then break end end end
  end
else
  for _, index in ipairs(indexes) do
    there = there + call('ZCOUNT', index, least, largest)
    local ids = most > 0 and call('ZRANGEBYSCORE', index, least, largest, 'LIMIT', 0, most) or {}
    most = most - #ids
    load(ids)
    for _, id in ipairs(ids) do if not purge(id, index) then call('ZREM', index, id) end end
  end
end
flush()
return { purged, there, int(asOf) }
