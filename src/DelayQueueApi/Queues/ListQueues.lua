-- include Store/Prelude.lua
-- Names the queues that there are, in the order of their names. Called by QueueStore.ListAsync.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then
--       arg    the name after which to go on, "" from the start
--       most   how many names
-- Returns the names.
-- Cost: O(log n + the names).
local after = ARGV[arg]
return call('ZRANGEBYLEX', NAMES, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, ARGV[arg + 1])
