-- include Store/Prelude.lua
-- include Store/Ranks.lua
-- Finds idempotency keys that a write cut short has left without their jobs, and drops them on demand. Where it has left the
-- newest id behind the jobs, that is set right too. Called by PartitionCheck.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair
--       hash   which generation the keys were read from, 0 or 1
--       idempotency keys…
-- Returns two a fault: unmade-job or unreadable-key; and the key.
-- Cost: O(1) a key; at most 500.
local ENTRY_BYTES = 50
local hash = KEYS[6 + tonumber(ARGV[arg + 1])]
local newest = call('GET', LAST_ID) or ''
local made, faults = newest, {}
for i = arg + 2, #ARGV do
  local entry = call('HGET', hash, ARGV[i])
  local id, kind = sub(entry or '', 29, 42), nil
  if entry and #entry ~= ENTRY_BYTES then
    kind = 'unreadable-key'
  elseif entry and isAfter(sub(id, 1, 9), newest) then
    -- Finished jobs are gone too, but not newer than the newest.
    if call('HEXISTS', JOBS, id) == 0 then kind = 'unmade-job' elseif isAfter(id, made) then made = sub(id, 1, 9) end
  end
  if kind then
    faults[#faults + 1] = kind
    faults[#faults + 1] = ARGV[i]
    if ARGV[arg] == '1' then call('HDEL', hash, ARGV[i]) end
  end
end
if ARGV[arg] == '1' and made ~= newest then call('SET', LAST_ID, made) end
return faults
