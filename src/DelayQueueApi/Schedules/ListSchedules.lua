-- include Store/Prelude.lua
-- include Schedules/Schedules.lua
-- Reads a page of schedules in the order of their names. Called by ScheduleStore.ListAsync.
--
-- KEYS  as Prelude.lua, no queues; as Schedules.lua
-- ARGV  as Prelude.lua; then
--       arg    what the names begin with
--       after  the name behind which to begin, or what the names begin with
--       limit  at most so many
-- Returns 1 where more follow, else 0; then name, record, name, record, …
-- Cost: O(log n + limit); at most 100. It stops once MAX_BYTES are out.
local MAX_BYTES = 1024 * 1024
local prefix, after, limit = ARGV[arg], ARGV[arg + 1], tonumber(ARGV[arg + 2])
local names = call('ZRANGEBYLEX', SCHEDULE_NAMES, '(' .. after, '(' .. prefix .. '\255', 'LIMIT', 0, limit + 1)
local answer, bytes = { #names > limit and 1 or 0 }, 0
for i, name in ipairs(names) do
  if i > limit then break end
  if bytes >= MAX_BYTES then
    answer[1] = 1
    break
  end
  local record = call('HGET', SCHEDULES, name)
  if record then
    bytes = bytes + #record
    answer[#answer + 1] = name
    answer[#answer + 1] = record
  end
end
return answer
