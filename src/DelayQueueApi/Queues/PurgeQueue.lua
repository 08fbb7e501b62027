-- include Store/Prelude.lua
-- Deletes a queue's jobs of one state, a bounded number of them. Called by QueueStore.PurgeAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    state: scheduled, ready or dead
--       most   how many to delete
--       as-of  instant of which the state is, ms; "" for now
-- Returns how many are deleted, 1 where there may be more, else 0, and as-of, ms.
-- Cost: O(log n) a job; at most 100.
local queue, state, most, asOf = queues[1], ARGV[arg], tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2]) or now
local least, largest = '-inf', int(asOf)
if state == 'scheduled' then least, largest = '(' .. int(asOf), '+inf' end

local indexes = { queue.dead }
if state ~= 'dead' then
  for priority = 9, 0, -1 do indexes[10 - priority] = queue.pending(priority) end
end

local purged, seen = 0, 0
for _, index in ipairs(indexes) do
  local ids = seen < most and call('ZRANGEBYSCORE', index, least, largest, 'LIMIT', 0, most - seen) or {}
  seen = seen + #ids
  load(ids)
  for _, id in ipairs(ids) do
    local job = loaded[id]
    if job and job.queue == queue.name and place(job, queue) == index then
      count(queue, state == 'dead' and 'purged' or 'cancelled')
      remove(job, queue)
      purged = purged + 1
    else
      call('ZREM', index, id)
    end
  end
end
flush()
return { purged, seen == most and 1 or 0, int(asOf) }
