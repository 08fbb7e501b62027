-- include Store/Prelude.lua
-- include Schedules/Schedules.lua
-- Finds the schedules whose next instant has come. Called by ScheduleStore.FindDueAsync.
--
-- KEYS  as Prelude.lua, no queues; as Schedules.lua
-- ARGV  as Prelude.lua; then
--       arg    how many of the due to leave out, earliest first
--       limit  at most so many
-- Returns ms until the next instant (-1 none in sight) where none is due, else 0; now, ms; then name, record, name, record, …
-- Cost: O(log n + limit); at most 20. It stops once MAX_BYTES are out, and finds one at least. A name that stands elsewhere
--       than its record tells is put right.
local MAX_BYTES = 1024 * 1024
local skip, limit = tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])
local entries = call('ZRANGE', DUE, skip, skip + limit - 1, 'WITHSCORES')
local answer, bytes, wait = { 0, int(now) }, 0, -1
for i = 1, #entries, 2 do
  local name, at = entries[i], tonumber(entries[i + 1])
  if at > now then
    wait = math.max(0, math.ceil((at * 1000 - nowMicros) / 1000))
    break
  end
  if bytes >= MAX_BYTES then break end
  local record = call('HGET', SCHEDULES, name)
  if record and nextOf(record) == at then
    bytes = bytes + #record
    answer[#answer + 1] = name
    answer[#answer + 1] = record
  else
    index(name, record)
    wait = 0
  end
end
if #answer == 2 then answer[1] = int(wait) end
return answer
