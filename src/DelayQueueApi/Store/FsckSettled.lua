-- include Store/Prelude.lua
-- Finds acks that a write cut short has left between making their follow-ups and removing their jobs, and finishes them on demand:
-- else the job would be worked on again, and its follow-ups be made twice. Called by Fsck.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then
--       arg    "1" to repair; the job's index is mended afterwards, by Fsck.lua
--       hash   which generation the entries were read from, 0 or 1
--       ids…   of settled jobs
-- Returns one string a fault: "unfinished <id>".
-- Cost: O(1) an id; at most 500.
local hash, faults = KEYS[4 + tonumber(ARGV[arg + 1])], {}
local newest = string.match(call('GET', LAST_ID) or '', ' (%w+)$') or ''

-- The first of the follow-ups that the ack itself has made, if it was cut short: those are newer than the newest id, which is
-- written last. All of them are written in one step, or none is.
local function madeBy(followUps)
  for at = 1, #followUps, 26 do
    if sub(followUps, at, at + 14) > newest then return sub(followUps, at, at + 25) end
  end
end

for i = arg + 2, #ARGV do
  local id = ARGV[i]
  local known, record = call('HGET', hash, id) or '', call('HGET', JOBS, id)
  local followUp = record and madeBy(sub(known, 16))
  if followUp and call('HEXISTS', JOBS, followUp) == 1 then
    local job = readJob(id, record)
    if job.state == 'L' and job.fence == readU48(known, 1) and job.nonce == sub(known, 7, 14) then
      faults[#faults + 1] = 'unfinished ' .. id
      if ARGV[arg] == '1' then call('HDEL', JOBS, id) end
    end
  end
end
return faults
