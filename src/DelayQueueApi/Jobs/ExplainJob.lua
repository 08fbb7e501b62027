-- include Store/Prelude.lua
-- include Store/Work.lua
-- Tells what a pending job waits for besides its time. Called by JobStore.ExplainAsync.
--
-- KEYS  as Prelude.lua, the job's queue
-- ARGV  as Prelude.lua; then the id
-- Returns three integers: how many jobs are claimed before it at the instant from which both may be (-1 where it is not pending);
--         1 where its queue is paused; and for how many ms nobody has asked for jobs of its queue, -1 where that is not known.
-- Cost: O(log n).
local id, queue = ARGV[arg], queues[1]
load({ id })
local job = loaded[id]
if not job or job.state ~= 'P' or job.queue ~= queue.name then return { -1, 0, -1 } end

local ahead = call('ZRANK', pendingOf(queue, job.priority), id) or 0
for priority = job.priority + 1, 9 do
  ahead = ahead + call('ZCOUNT', pendingOf(queue, priority), '-inf', int(math.max(now, job.runAt)))
end
local workers = call('HGET', queue.stats, 'workers') or ''
return { ahead, settingsOf(queue).paused and 1 or 0, workers ~= '' and now - readU48(workers, 1) or -1 }
