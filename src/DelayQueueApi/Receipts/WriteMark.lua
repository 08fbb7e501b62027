-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- Writes on the connection that runs it, so that WAIT has something to wait for there. Called by ReceiptStore.MarkAsync.
--
-- KEYS  as Prelude.lua, no queues; then
--       1 receipts  string  how often
-- ARGV  as Prelude.lua
-- Returns a string: the history of the server that has written it (Facts.History).
-- Cost: O(1).
local SECTION = 'replication'
call('INCR', KEYS[FIXED_KEYS + 1])
return string.match(call('INFO', SECTION), 'master_replid:(%x+)')
