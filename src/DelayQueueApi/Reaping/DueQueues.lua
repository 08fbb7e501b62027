-- include Store/Prelude.lua
-- Finds the queues in which something is due: see ReapQueues.lua. Called by ReapStore.FindDueAsync.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then the most queues to name, and how many ms to look ahead
-- Returns ms until the next event (0 something is due, -1 nothing in sight), then the queues' names, longest overdue first.
-- Cost: O(log n + the queues named).
local first = tonumber(call('ZRANGE', QUEUES, '0', '0', 'WITHSCORES')[2] or NEVER)
local wait = first == tonumber(NEVER) and -1 or math.max(0, first - now)
local answer = call('ZRANGEBYSCORE', QUEUES, '-inf', int(now + tonumber(ARGV[arg + 1])), 'LIMIT', 0, tonumber(ARGV[arg]))
table.insert(answer, 1, int(wait))
return answer
