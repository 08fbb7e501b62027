-- include Store/Prelude.lua
-- include Store/Work.lua
-- Deletes a queue with all that it holds, a bounded number of jobs a call. Called by QueueStore.DeleteAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" also where it has jobs that are not finished, or dead ones
--       most   how many jobs to delete
--       tells  "1" to note that the queue is deleted: one partition of those that have it does
-- Returns 1 deleted, 2 there is more to delete, 0 no such queue, -1 it has jobs.
-- Cost: O(log n) a job; at most 100.
local queue, force, most = queues[1], ARGV[arg] == '1', tonumber(ARGV[arg + 1])
if not call('ZSCORE', NAMES, queue.name) then return 0 end

local indexes = { queue.completed, queue.expired, queue.leased, queue.dead }
for priority = 0, 9 do indexes[#indexes + 1] = pendingOf(queue, priority) end
if not force then
  for i = 3, #indexes do if call('ZCARD', indexes[i]) > 0 then return -1 end end
end

for _, index in ipairs(indexes) do
  local ids = most > 0 and call('ZRANGE', index, 0, most - 1) or {}
  most = most - #ids
  load(ids)
  for _, id in ipairs(ids) do
    local job = loaded[id]
    if job and job.queue == queue.name and scoreIn(job, queue, index) then
      if not KEPT[job.state] then count(queue, job.state == 'D' and 'purged' or 'cancelled', job.id, job.counts) end
      remove(job, queue)
    else
      call('ZREM', index, id)
    end
  end
end
flush()
if most == 0 then return 2 end
call('UNLINK', queue.stats)
call('ZREM', QUEUES, queue.name)
call('ZREM', NAMES, queue.name)
if keepsLog and ARGV[arg + 2] == '1' then
  note(queue, 'deleted', { NO_JOB }, 1, 1)
  writeLog()
end
return 1
