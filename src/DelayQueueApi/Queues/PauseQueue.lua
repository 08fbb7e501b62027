-- include Store/Prelude.lua
-- Pauses queues, so that claims get nothing from them, or resumes them. Called by QueueStore.PauseAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then "1" to pause, "" to resume
-- Returns one integer a queue: 1 changed, 0 it was so already.
-- Cost: O(log n) a queue.
local answers = {}
for i, queue in ipairs(queues) do
  if ARGV[arg] == '1' then
    register(queue)
    answers[i] = call('HSET', queue.stats, 'paused', 1)
  else
    answers[i] = call('HDEL', queue.stats, 'paused')
  end
end
return answers
