-- include Store/Prelude.lua
-- Moves a record that cannot be read to lost+found, on demand, where it is still as it was read. Called by PartitionCheck.
--
-- KEYS  as Prelude.lua, no queues; then
--       hash           hash  where the record lies
--       lost and found hash  name → record
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       field  of the record in its hash
--       record as it was read
--       name   under which it is kept
-- Returns 1 where it is still as it was read, else 0.
-- Cost: O(1).
local hash, aside, field = KEYS[#KEYS - 1], KEYS[#KEYS], ARGV[arg + 1]
local record = call('HGET', hash, field)
if record ~= ARGV[arg + 2] then return 0 end
if ARGV[arg] == '1' then
  call('HSET', aside, ARGV[arg + 3], record)
  call('HDEL', hash, field)
end
return 1
