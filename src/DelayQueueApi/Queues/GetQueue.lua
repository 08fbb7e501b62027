-- include Store/Prelude.lua
-- Counts queues' jobs by state, and tells what has happened to them, in one instant. Called by QueueStore.CountAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; nothing more
-- Returns ten a queue: 1 where there is such a queue, else 0; now ms; scheduled, ready, leased, dead, completed, expired; earliest
--         run-at of a pending job, ms or ""; the stats hash.
-- Cost: O(log n) a queue; at most 20.
local answers = {}
for _, queue in ipairs(queues) do
  local scheduled, ready, earliest = 0, 0, math.huge
  for priority = 0, 9 do
    local key = pendingOf(queue, priority)
    ready = ready + call('ZCOUNT', key, '-inf', int(now))
    scheduled = scheduled + call('ZCOUNT', key, '(' .. int(now), '+inf')
    earliest = math.min(earliest, tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or math.huge))
  end
  for _, value in ipairs({
    call('ZSCORE', NAMES, queue.name) and 1 or 0, int(now), scheduled, ready, call('ZCARD', queue.leased), call('ZCARD', queue.dead),
    call('ZCOUNT', queue.completed, '(' .. int(now), '+inf'), call('ZCOUNT', queue.expired, '(' .. int(now), '+inf'),
    earliest == math.huge and '' or int(earliest), call('HGETALL', queue.stats),
  }) do answers[#answers + 1] = value end
end
return answers
