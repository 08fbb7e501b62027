-- include Store/Prelude.lua
-- include Store/Work.lua
-- Changes a job that no worker holds, if it is still what the caller has read. Called by JobStore.UpdateAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua; then
--       arg      id
--       then     record as the caller has read it
--       priority, attempts, lease ms, each "" to stay
--       delay ms and run-at ms, both "" to stay; the past means now
--       body     "" to stay
-- Returns an integer (1 done, 0 no such job, -1 leased, -2 finished, -3 no longer what was read), the record, and now, ms.
-- Cost: O(log n).
local id, read = ARGV[arg], ARGV[arg + 1]
local function number(i) return tonumber(ARGV[arg + i]) end

local queue = queues[1]
load({ id })
local job = loaded[id]
local isSame = job and job.record == read
if job then
  catchUp(job, queue)
  flush()
  job = loaded[id]
end

local answer, record = 1, ''
if not job then
  answer = 0
elseif job.state ~= 'P' then
  answer = job.state == 'L' and -1 or -2
elseif not isSame then
  answer = -3
else
  change(job, queue)
  job.priority = number(2) or job.priority
  local delay, runAt = number(5), number(6)
  job.runAt = delay and now + delay or runAt and math.max(now, runAt) or job.runAt
  job.terms = makeTerms(enqueuedAtOf(job), number(3) or maxAttemptsOf(job), number(4) or leaseMsOf(job))
  if ARGV[arg + 7] ~= '' then
    local _, options = readStart(ARGV[arg + 7], 1)
    job.body, job.ttlMs, job.retentionMs = ARGV[arg + 7], nil, nil
    readOptions(job, options)
  end
  if keepsLog then note(queue, 'updated', { job.id }, 1, 1, job.counts) end
  flush()
  record = job.record
end
return { answer, record, int(now) }
