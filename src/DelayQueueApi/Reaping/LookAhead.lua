-- include Store/Prelude.lua
-- include Schedules/Schedules.lua
-- Tells what is next: for the reaper, for the scheduler, and in queues that claims wait for. Called by LookoutStore.LookAheadAsync.
--
-- KEYS  as Prelude.lua; as Schedules.lua
-- ARGV  as Prelude.lua
-- Returns integers, each µs until something is due, 0 for now and -1 for nothing in sight: the next event in any queue, as
--         DueQueues.lua; the next instant of a schedule; then for each queue that was named its next job, as ClaimJobs.lua but
--         without leases, whose ends are events.
-- Cost: O(log n) and up to 13 look-ups a queue that has pending jobs; where none has, one look-up for all.
local function untilScore(entry)
  local at = tonumber(entry[2] or NEVER)
  return at == tonumber(NEVER) and -1 or math.max(0, at * 1000 - nowMicros)
end

local function untilJob(queue)
  local left, wait = call('EXISTS', unpack(KEYS, queue.first, queue.first + 9)), -1
  for priority = 9, 0, -1 do
    if left == 0 then break end
    local micros = untilScore(call('ZRANGE', pendingOf(queue, priority), '0', '0', 'WITHSCORES'))
    if micros >= 0 then
      left = left - 1
      wait = wait < 0 and micros or math.min(wait, micros)
    end
  end
  if wait == 0 and settingsOf(queue).paused then return -1 end
  return wait
end

local answer, keys = { int(untilScore(call('ZRANGE', QUEUES, '0', '0', 'WITHSCORES'))), int(untilScore(call('ZRANGE', DUE, '0', '0', 'WITHSCORES'))) }, {}
for _, queue in ipairs(queues) do
  for place = queue.first, queue.first + 9 do keys[#keys + 1] = KEYS[place] end
end
local somePending = #keys > 0 and call('EXISTS', unpack(keys)) > 0
for i, queue in ipairs(queues) do answer[i + 2] = int(somePending and untilJob(queue) or -1) end
return answer
