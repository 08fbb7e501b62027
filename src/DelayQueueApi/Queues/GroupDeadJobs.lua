-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/Ranks.lua
-- Counts a queue's next dead jobs, longest dead first, by the type of their last error. Called by DeadGroups.ReadAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg         most   how many to look at
--       score, id   the dead job after which to go on, "" and "" from the start
-- Returns how many were looked at; score and id of the last one, "" and "" where no more follow; then seven a type: the type ("" for
--         none); how many; how many of them died as a lease ended; the first time of death, ms; and of the newest one the time of death,
--         ms, id and message, cut to 1,024 bytes.
-- Cost: O(log² n) and O(1) a job; at most 500. Stops early once MAX_BYTES are read.
local MAX_BYTES, PAGE = 8 * 1024 * 1024, 20
local queue, most, score, id = queues[1], tonumber(ARGV[arg]), ARGV[arg + 1], ARGV[arg + 2]
local from = id == '' and 0 or rankAfter(queue.dead, score, id)
local ids = call('ZRANGE', queue.dead, from, from + most - 1)

-- How the last attempt has ended.
local function lastOutcome(attempts)
  local from, outcome = 1, ''
  while from <= #attempts do
    outcome, from = sub(attempts, from + 14, from + 14), from + 18 + byte(attempts, from + 15) + readU16(attempts, from + 16)
  end
  return outcome
end

local types, groups = {}, {}
local function look(job)
  local err, attempts = splitPast(pastOf(job))
  local typeEnd = string.find(err, '\0', 1, true) or #err + 1
  local errorType = sub(err, 1, typeEnd - 1)
  local group = groups[errorType]
  if not group then
    group = { jobs = 0, expired = 0, first = job.at }
    types[#types + 1], groups[errorType] = errorType, group
  end
  group.jobs, group.newest, group.message = group.jobs + 1, job, sub(err, typeEnd + 1)
  if lastOutcome(attempts) == 'e' then group.expired = group.expired + 1 end
end

local looked, bytes = 0, 0
while looked < #ids and bytes < MAX_BYTES do
  if looked % PAGE == 0 then load({ unpack(ids, looked + 1, math.min(looked + PAGE, #ids)) }) end
  looked = looked + 1
  local job = loaded[ids[looked]]
  if job and job.queue == queue.name and scoreIn(job, queue, queue.dead) then
    bytes = bytes + #job.record
    look(job)
  end
end

local answer = { looked, '', '' }
if looked > 0 and from + looked < call('ZCARD', queue.dead) then
  answer = { looked, int(tonumber(call('ZSCORE', queue.dead, ids[looked]))), ids[looked] }
end
for _, errorType in ipairs(types) do
  local group = groups[errorType]
  for _, value in ipairs({
    errorType, group.jobs, group.expired, int(group.first), int(group.newest.at), group.newest.id, cut(group.message, MAX_ERROR_KEPT),
  }) do answer[#answer + 1] = value end
end
return answer
