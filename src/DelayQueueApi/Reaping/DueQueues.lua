-- include Store/Prelude.lua
-- Finds the queues in which a lease has run out. Called by ReapStore.FindDueAsync.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then the most queues to name
-- Returns ms until the next lease ends (0 one has, -1 no lease), then the queues' names, longest overdue first.
-- Cost: O(log n + the queues named).
local first = tonumber(call('ZRANGE', QUEUES, 0, 0, 'WITHSCORES')[2] or NEVER)
local wait = first == tonumber(NEVER) and -1 or math.max(0, first - now)
local answer = call('ZRANGEBYSCORE', QUEUES, '-inf', int(now), 'LIMIT', 0, tonumber(ARGV[arg]))
table.insert(answer, 1, int(wait))
return answer
