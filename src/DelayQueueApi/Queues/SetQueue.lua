-- include Store/Prelude.lua
-- Sets what operators may set for a queue. Called by QueueStore.SetAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "1" to make the queue where it is not there, "" to do nothing then
--       tells  "1" to note what is set: one partition does
--       pairs of a field, paused or settings, and its value, "" to unset it
-- Returns 1 where the queue was not there before, else 0.
-- Cost: O(log n).
local queue = queues[1]
if ARGV[arg] ~= '1' and not call('ZSCORE', NAMES, queue.name) then return 0 end
local made = register(queue)

-- Settings count as changed also where this partition's share of them has not.
local function noteSet(field, value)
  local wasPaused = call('HGET', queue.stats, 'paused')
  if field ~= 'paused' then
    note(queue, 'settings', { NO_JOB }, 1, 1)
  elseif (wasPaused or '') ~= value then
    note(queue, value == '' and 'resumed' or 'paused', { NO_JOB }, 1, 1)
  end
end

for i = arg + 2, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  if keepsLog and ARGV[arg + 1] == '1' then noteSet(field, value) end
  if value == '' then call('HDEL', queue.stats, field) else call('HSET', queue.stats, field, value) end
end
-- What is kept for a time may have to go sooner.
call('ZADD', QUEUES, 'LT', int(now), queue.name)
if keepsLog then writeLog() end
return made
