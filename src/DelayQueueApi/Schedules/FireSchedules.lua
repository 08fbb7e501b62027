-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Jobs/NewJobs.lua
-- include Schedules/Schedules.lua
-- Fires schedules that are still as the caller has read them: makes the job of an instant and moves on to the next one, in one
-- step, so that an instant makes one job whoever else fires. Called by ScheduleStore.FireAsync.
--
-- KEYS  as Prelude.lua; as Schedules.lua
-- ARGV  as Prelude.lua; then twelve a schedule:
--       1 name, 2 the stamp that was read, 3 a new stamp
--       4 next       the instant after this one, ms; 0 for none
--       5 instant    ms: run-at of the job, also where it has passed
--       6 overlap    while the last job is pending or leased: allow to make one, skip to make none, replace to cancel the last one
--       7 make       "1" to make a job
--       then five of the job, a run of one as NewJobs.lua; its run-at is the instant
-- Returns two integers a schedule: 1 fired, 2 moved on without a job, 0 no longer as it was read; and 1 where the job is now
--         the first of its priority.
-- Cost: O(log n) a schedule; at most 20.
local idempotency
-- include Jobs/MakeJobs.lua
local ARGS = 8 + RUN_ARGS
local records, names, last, seen = {}, {}, {}, {}
for i = arg, #ARGV, ARGS do names[#names + 1] = ARGV[i] end
for i, record in ipairs(call('HMGET', SCHEDULES, unpack(names))) do
  if record and stampOf(record) == ARGV[arg + ARGS * (i - 1) + 1] and not seen[names[i]] then
    records[i], seen[names[i]] = record, true
    last[#last + 1] = lastJobOf(record)
  end
end
load(last)

-- The last job of a schedule as time has left it, and its queue, where that is named; nil where it is not live any more.
local function liveOf(record)
  local job = loaded[lastJobOf(record)]
  for _, queue in ipairs(queues) do
    if job and queue.name == job.queue then
      job = catchUp(job, queue)
      if job and (job.state == 'P' or job.state == 'L') then return job, queue end
    end
  end
end

-- Cancels the last job; where a worker holds it, it goes when the worker lets go.
local function cancel(job, queue)
  if job.state == 'L' then
    change(job, queue)
    job.cancelled = true
  else
    count(queue, 'cancelled', job.id, job.counts)
    vanish(job, queue)
  end
end

local answers, writes = {}, {}
for i, name in ipairs(names) do
  local at = arg + ARGS * (i - 1)
  local record = records[i]
  local code, first = 0, 0
  if record then
    local firedAt, lastJob, overlap = firedAtOf(record), lastJobOf(record), ARGV[at + 5]
    code = 2
    if ARGV[at + 6] == '1' then
      local before, queue
      if overlap ~= 'allow' then before, queue = liveOf(record) end
      if not before or overlap == 'replace' then
        local spec = specOf(readRun(at + 7), 1)
        local leaving = before and before.state == 'P' and before or nil
        local status, other = plan(spec, leaving and queue == spec.inQueue and -1 or 0, leaving)
        -- The last job goes only where another one takes its place.
        if status == MADE then
          if before then cancel(before, queue) end
          spec.runAt = tonumber(ARGV[at + 4])
          local job = make(spec, other)
          code, first, firedAt, lastJob = 1, job.isFirst and 1 or 0, spec.runAt, job.id
        end
      end
    end
    writes[#writes + 1] = name
    writes[#writes + 1] = moved(record, ARGV[at + 2], tonumber(ARGV[at + 3]), firedAt, lastJob)
  end
  answers[2 * i - 1], answers[2 * i] = code, first
end

-- The schedule says which job it has made before the job is there: see MakeJobs.lua.
if #writes > 0 then call('HSET', SCHEDULES, unpack(writes)) end
flushMade()
for i = 1, #writes, 2 do index(writes[i], writes[i + 1]) end
return answers
