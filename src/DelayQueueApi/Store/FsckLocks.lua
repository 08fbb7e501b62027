-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/FsckRead.lua
-- Finds unique keys that are held by jobs which are not there, or do not hold them any more, and frees them on demand. Called by PartitionCheck.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       locks: fields of the hash of unique keys
-- Returns two a fault: stray-lock, and the lock.
-- Cost: O(1) a lock; at most 500.
local faults = {}
for i = arg + 1, #ARGV do
  local lock = ARGV[i]
  local id = call('HGET', UNIQUE, lock)
  local job = id and tryRead(id)
  if id and not (job and job.uniqueKey and lockOf(job) == lock and holdsKey(job)) then
    faults[#faults + 1] = 'stray-lock'
    faults[#faults + 1] = lock
    if ARGV[arg] == '1' then call('HDEL', UNIQUE, lock) end
  end
end
return faults
