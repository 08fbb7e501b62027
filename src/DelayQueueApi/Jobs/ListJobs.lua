-- include Store/Prelude.lua
-- include Store/Ranks.lua
-- Reads a queue's jobs of one state in order: pending ones by priority, run-at and id, leased ones by the end of the lease,
-- dead ones by time of death. Called by JobPages.ReadAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg         state: scheduled, ready, leased or dead
--       most        how many to read
--       priority    of the job after which to go on, "" from the start; 0 for leased and dead ones
--       score, id   of that job
-- Returns now, ms; priority, score and id of the last one read, "" three times where no more follow; then id, record, …
-- Cost: O(log² n) and O(1) a job; at most 100. Stops early once MAX_BYTES are read.
local MAX_BYTES, PAGE = 8 * 1024 * 1024, 20
local queue, state, most = queues[1], ARGV[arg], tonumber(ARGV[arg + 1])
local afterPriority, afterScore, afterId = tonumber(ARGV[arg + 2]), ARGV[arg + 3], ARGV[arg + 4]
local pending = state == 'scheduled' or state == 'ready'

-- An index and the ranks between which the state's jobs stand in it. Leases that have ended are nobody's.
local function range(priority)
  local key = pending and queue.pending(priority) or queue[state]
  local passed = state ~= 'dead' and call('ZCOUNT', key, '-inf', int(now))
  if state == 'ready' then return key, 0, passed end
  return key, passed or 0, call('ZCARD', key)
end

local jobs, read, bytes, more, last = {}, 0, 0, false, nil
for priority = afterPriority or pending and 9 or 0, 0, -1 do
  local key, from, to = range(priority)
  if priority == afterPriority then from = math.max(from, rankAfter(key, afterScore, afterId)) end
  while from < to do
    more = read >= most or bytes >= MAX_BYTES
    if more then break end
    local ids = call('ZRANGE', key, from, math.min(to, from + PAGE, from + most - read) - 1)
    load(ids)
    for _, id in ipairs(ids) do
      local job = loaded[id]
      if job and job.queue == queue.name and place(job, queue) == key then
        jobs[#jobs + 1] = id
        jobs[#jobs + 1] = writeJob(job)
        bytes = bytes + #job.body
      end
    end
    from, read = from + #ids, read + #ids
    last = { int(priority), key, ids[#ids] }
  end
  if more then break end
end

local answer = { int(now), '', '', '' }
if more then answer = { int(now), last[1], int(tonumber(call('ZSCORE', last[2], last[3]))), last[3] } end
for _, value in ipairs(jobs) do answer[#answer + 1] = value end
return answer
