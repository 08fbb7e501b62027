-- include Store/Prelude.lua
-- Adds up the bytes of a queue's records, some at a time, and compares them with what is counted, which it repairs on demand. Called by
-- BytesCheck.RunAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       sum    what a walk before this one has found, "" for none: only what two walks find is a fault
--       then as the call before answered it, all "" for the first:
--       mark   what the queue was like
--       index  and
--       rank   where to go on
--       bytes  of the records so far
-- Returns mark, index, rank and bytes, to go on with; index is "" once it is over: then rank is equal, differs, fault, or
--         changed where something has happened to the queue meanwhile, and nothing can be said.
-- Cost: O(log n) and O(1) a job; at most 500. The embedded store walks to the first of them from the start of the index.
local MAX_JOBS = 500
local queue, before, mark = queues[1], ARGV[arg + 2], ''
-- What adds, ends or enlarges a job changes one of these. What only moves one in its index does not: hence the two walks.
for _, what in ipairs(call('HMGET', queue.stats, 'bytes', 'claimed', 'acked', 'nacked', 'released', 'cancelled', 'expired', 'died', 'redriven', 'purged', 'leasesExpired')) do
  mark = mark .. (what or '0') .. ' '
end
if before ~= '' and before ~= mark then return { mark, '', 'changed', '' } end

local index, rank, sum = tonumber(ARGV[arg + 3]) or 0, tonumber(ARGV[arg + 4]) or 0, tonumber(ARGV[arg + 5]) or 0
local indexes = { [10] = queue.leased, [11] = queue.dead, [12] = queue.completed, [13] = queue.expired }
for priority = 0, 9 do indexes[priority] = pendingOf(queue, priority) end

local left = MAX_JOBS
while indexes[index] and left > 0 do
  local ids = call('ZRANGE', indexes[index], int(rank), int(rank + left - 1))
  for _, id in ipairs(ids) do sum = sum + call('HSTRLEN', JOBS, id) end
  left, rank = left - #ids, rank + #ids
  if left > 0 then index, rank = index + 1, 0 end
end
if indexes[index] then return { mark, int(index), int(rank), int(sum) } end

if sum == tonumber(call('HGET', queue.stats, 'bytes') or 0) then return { mark, '', 'equal', int(sum) } end
if ARGV[arg + 1] ~= int(sum) then return { mark, '', 'differs', int(sum) } end
if ARGV[arg] == '1' then call('HSET', queue.stats, 'bytes', int(sum)) end
return { mark, '', 'fault', int(sum) }
