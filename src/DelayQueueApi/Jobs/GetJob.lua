-- include Store/Prelude.lua
-- include Store/Records.lua
-- Reads jobs, and lets one who waits for their end hear of it. Called by JobStore.GetAsync.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then
--       arg    "1" to be told: the id of a job that ends from now on is published on the channel "ended"
--       ids…
-- Returns now in ms, then a record or nil an id.
-- Cost: O(1) an id; at most 100.
local ids = {}
for i = arg + 1, #ARGV do ids[#ids + 1] = ARGV[i] end
local answer = call('HMGET', JOBS, unpack(ids))
for i, id in ipairs(ids) do
  if ARGV[arg] == '1' and answer[i] then
    local job = readJob(id, answer[i])
    if not job.watched and (job.state == 'P' or job.state == 'L') then
      job.watched = true
      -- As EvenIfFull.lua: the mark takes no room.
      call('HDEL', JOBS, '')
      call('HSET', JOBS, id, writeJob(job))
    end
  end
end
table.insert(answer, 1, int(now))
return answer
