-- include Store/Prelude.lua
-- Compares records with their queue's indexes, and mends the indexes on demand. Called by Fsck.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       index  number of the index that the ids were read from, 0…11 in the order of its keys, or "" for the records
--       ids…
-- Returns one string a fault: "missing <id>" (not in the index that its record tells, or with another score) or
--         "stray <id>" (in an index that its record does not tell).
-- Cost: O(log n) an id; at most 500.
local queue, repair, index = queues[1], ARGV[arg] == '1', tonumber(ARGV[arg + 1])
local ids = {}
for i = arg + 2, #ARGV do ids[#ids + 1] = ARGV[i] end
load(ids)

local faults = {}
for _, id in ipairs(ids) do
  local job = loaded[id]
  local key, score
  if job and job.queue == queue.name then key, score = place(job, queue) end
  if index then
    local from = KEYS[FIXED_KEYS + 1 + index]
    if key ~= from then
      faults[#faults + 1] = 'stray ' .. id
      if repair then call('ZREM', from, id) end
    end
  elseif key and tonumber(call('ZSCORE', key, id) or -1) ~= score then
    faults[#faults + 1] = 'missing ' .. id
    if repair then call('ZADD', key, int(score), id) end
  end
end

if repair then
  local lease = call('ZRANGE', queue.leased, 0, 0, 'WITHSCORES')
  call('ZADD', QUEUES, lease[2] or NEVER, queue.name)
end
return faults
