-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- Writes on the connection that runs it, so that WAIT has something to wait for there. Called by ReceiptStore.WaitAsync.
--
-- KEYS  as Prelude.lua, no queues; then
--       1 receipts  string  how often
-- ARGV  as Prelude.lua
-- Returns an integer: how often.
-- Cost: O(1).
return call('INCR', KEYS[FIXED_KEYS + 1])
