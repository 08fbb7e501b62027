-- include Store/Prelude.lua
-- Counts a queue's jobs by state, and what has happened to them, in one instant. Called by QueueStore.GetAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; nothing more
-- Returns 1 where a job was ever put there, else 0; now ms; scheduled, ready, leased, dead; earliest run-at of a pending
--         job, ms or ""; then the stats hash.
-- Cost: O(log n).
local queue = queues[1]
local scheduled, ready, earliest = 0, 0, math.huge
for priority = 0, 9 do
  local key = queue.pending(priority)
  ready = ready + call('ZCOUNT', key, '-inf', int(now))
  scheduled = scheduled + call('ZCOUNT', key, '(' .. int(now), '+inf')
  earliest = math.min(earliest, tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or math.huge))
end
return {
  call('ZSCORE', QUEUES, queue.name) and 1 or 0, int(now), scheduled, ready, call('ZCARD', queue.leased), call('ZCARD', queue.dead),
  earliest == math.huge and '' or int(earliest), call('HGETALL', queue.stats),
}
