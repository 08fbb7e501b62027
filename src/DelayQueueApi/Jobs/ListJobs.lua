-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/Ranks.lua
-- Reads a queue's jobs of one state in order: pending ones by priority, run-at and id, leased ones by the end of the lease,
-- dead ones by time of death, completed and expired ones by the instant until which they are kept. Called by JobPages.ReadAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg         state: scheduled, ready, leased, dead, completed or expired
--       most        how many to look at
--       limit       how many to find
--       priority    of the job after which to go on, "" from the start; 0 for all but pending ones
--       score, id   of that job
--       error type  only jobs whose last error has it, after an "="; "" for all
--       pairs…      only jobs with these pairs of metadata, as they stand in the record: "name":"value"
-- Returns now, ms; priority, score and id of the last one looked at, "" three times where no more follow; then id, record, …
-- Cost: O(log² n) and O(1) a job; at most 500. Stops early once MAX_BYTES are read.
local MAX_BYTES, PAGE = 8 * 1024 * 1024, 20
local queue, state, most, limit = queues[1], ARGV[arg], tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
local afterPriority, afterScore, afterId = tonumber(ARGV[arg + 3]), ARGV[arg + 4], ARGV[arg + 5]
local errorType = ARGV[arg + 6]
local pending = state == 'scheduled' or state == 'ready'

local function matches(job)
  if errorType ~= '' and not hasErrorType(job, sub(errorType, 2)) then return false end
  for i = arg + 7, #ARGV do
    if not hasPair(job, ARGV[i]) then return false end
  end
  return (startBy(job) or math.huge) > now
end

-- An index and the ranks between which the state's jobs stand in it. Leases that have ended are nobody's; what is no longer kept is gone.
local function range(priority)
  local key = pending and pendingOf(queue, priority) or queue[state]
  local passed = state ~= 'dead' and call('ZCOUNT', key, '-inf', int(now))
  if state == 'ready' then return key, 0, passed end
  return key, passed or 0, call('ZCARD', key)
end

local jobs, read, bytes, last = {}, 0, 0, nil
local function isFull() return read >= most or #jobs >= 2 * limit or bytes >= MAX_BYTES end

-- Reads on in an index from a rank to another. Returns whether more follow there.
local function readRange(key, from, to, priority)
  if from >= to then return false end
  if isFull() then return true end
  local ids = call('ZRANGE', key, from, math.min(to, from + most - read) - 1)
  for i, id in ipairs(ids) do
    if isFull() then return true end
    if i % PAGE == 1 then load({ unpack(ids, i, math.min(i + PAGE - 1, #ids)) }) end
    local job = loaded[id]
    bytes = bytes + (job and #job.record or 0)
    if job and job.queue == queue.name and scoreIn(job, queue, key) and matches(job) then
      jobs[#jobs + 1] = id
      jobs[#jobs + 1] = job.record
    end
    read, last = read + 1, { int(priority), key, id }
  end
  return from + #ids < to
end

local more = false
for priority = afterPriority or pending and 9 or 0, 0, -1 do
  local key, from, to = range(priority)
  if priority == afterPriority then from = math.max(from, rankAfter(key, afterScore, afterId)) end
  more = readRange(key, from, to, priority)
  if more then break end
end

local answer = { int(now), '', '', '' }
if more then answer = { int(now), last[1], int(tonumber(call('ZSCORE', last[2], last[3]))), last[3] } end
for _, value in ipairs(jobs) do answer[#answer + 1] = value end
return answer
