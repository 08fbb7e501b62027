-- include Store/Prelude.lua
-- include Store/Ranks.lua
-- Gives dead jobs new attempts: those that are named, or the queue's next ones by time of death. Called by QueueStore.RedriveAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg         most   how many to look at, where none are named
--       as-of       jobs that died later stay dead, ms; "" for now
--       error type  only jobs whose last error has it; "" for all
--       limit       how many to redrive
--       score, id   the dead job after which to go on, "" and "" from the start
--       ids…        the named ones
-- Returns how many are redriven; as-of, ms; score and id of the last one looked at, "" and "" where no more follow.
-- Cost: O(log² n) and O(log n) a job; at most 100.
local queue, most, asOf, errorType, limit = queues[1], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]) or now, ARGV[arg + 2], tonumber(ARGV[arg + 3])
local afterScore, afterId = ARGV[arg + 4], ARGV[arg + 5]
local ids, score, id = {}, '', ''
for i = arg + 6, #ARGV do ids[#ids + 1] = ARGV[i] end
if #ids == 0 then
  local from = afterId == '' and 0 or rankAfter(queue.dead, afterScore, afterId)
  local to = call('ZCOUNT', queue.dead, '-inf', int(asOf))
  if from < to then ids = call('ZRANGE', queue.dead, from, math.min(to, from + most) - 1) end
  if from + #ids < to then
    id = ids[#ids]
    score = int(tonumber(call('ZSCORE', queue.dead, id)))
  end
end
load(ids)

local redriven = 0
for _, each in ipairs(ids) do
  local job = loaded[each]
  if job and job.state == 'D' and job.queue == queue.name and job.at <= asOf and redriven < limit
    and (errorType == '' or sub(job.error, 1, #errorType + 1) == errorType .. '\0') then
    change(job, queue)
    job.state, job.runAt, job.at, job.attempt = 'P', now, 0, 0
    count(queue, 'redriven')
    redriven = redriven + 1
  end
end
flush()
return { redriven, int(asOf), score, id }
