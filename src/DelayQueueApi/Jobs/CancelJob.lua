-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/EvenIfFull.lua
-- Cancels jobs that are not finished. A leased job goes when its worker lets go of it or its lease ends.
-- Called by JobStore.CancelAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then two a job: id, and the index of its queue
-- Returns one integer a job: 1 gone, 2 leased and told to stop, 0 no such job, -1 dead, completed or expired.
-- Cost: O(log n) a job; at most 100.
local ids = {}
for i = arg, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
load(ids)

local answers = {}
for i, id in ipairs(ids) do
  local job, queue = loaded[id], queues[tonumber(ARGV[arg + 2 * i - 1])]
  if job and job.queue == queue.name then job = catchUp(job, queue) end
  if not job or job.queue ~= queue.name then
    answers[i] = 0
  elseif job.state == 'D' or KEPT[job.state] then
    answers[i] = -1
  elseif job.state == 'L' then
    change(job, queue)
    job.cancelled = true
    answers[i] = 2
  else
    count(queue, 'cancelled', job.id, job.counts)
    remove(job, queue)
    answers[i] = 1
  end
end
flush()
return answers
