-- include Store/Prelude.lua
-- Counts a queue's scheduled jobs by when their time comes. Called by DueTimeline.ReadAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg      within   how far to look ahead, ms
--       buckets           into how many parts of the same length that is divided
--       soonest           how many of the next jobs of each priority to name
-- Returns now, ms; how many are ready; how many are due later than that; then, for each part, how many are due in it (its end belongs to
--         it, its start to the one before); then priority, run-at, ms, and id of the next jobs.
-- Cost: O(log n) a priority and part; at most 240 parts.
local queue, within, parts, soonest = queues[1], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
local ready, later, counts, named = 0, 0, {}, {}
for part = 1, parts do counts[part] = 0 end

for priority = 9, 0, -1 do
  local key = pendingOf(queue, priority)
  local due = call('ZCOUNT', key, '-inf', int(now))
  local left, start = call('ZCARD', key) - due, now
  ready = ready + due
  if left > 0 then
    local entries = call('ZRANGEBYSCORE', key, '(' .. int(now), '+inf', 'WITHSCORES', 'LIMIT', 0, soonest)
    for i = 1, #entries, 2 do
      for _, value in ipairs({ priority, int(tonumber(entries[i + 1])), entries[i] }) do named[#named + 1] = value end
    end
  end
  for part = 1, parts do
    if left == 0 then break end
    local stop = now + floor(part * within / parts)
    local there = call('ZCOUNT', key, '(' .. int(start), int(stop))
    counts[part], left, start = counts[part] + there, left - there, stop
  end
  later = later + left
end

local answer = { int(now), ready, later }
for _, there in ipairs(counts) do answer[#answer + 1] = there end
for _, value in ipairs(named) do answer[#answer + 1] = value end
return answer
