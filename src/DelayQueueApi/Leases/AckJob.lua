-- include Store/Prelude.lua
-- include Store/Generations.lua
-- include Jobs/MakeJobs.lua
-- include Leases/Lease.lua
-- Finishes leased jobs, each together with making its follow-ups: both happen or neither. Called by LeaseStore.AckAsync.
--
-- KEYS  as Prelude.lua; the queues of the follow-ups too
-- ARGV  as Prelude.lua and Lease.lua, with the longest that an idempotency key is known, ms, and the most keys that are
--       remembered in that time before the leases; more a lease:
--       1 result     JSON that is kept with the job, where jobs are kept; "" for none
--       2 n          number of follow-ups, then n times five as MakeJobs.lua
-- Returns a list a lease: an integer (1 done, 2 done before by this lease, 0 no such job, -1 lease lost, -2 cancelled meanwhile,
--         -3 … -5 a follow-up is refused as ScheduleJob.lua's -1 … -3 tell); then, done, the follow-ups' ids, a string of 14
--         bytes each, and the indexes of the queues that have a new first job; then, refused, the number of the follow-up
--         from 1, and the id of the job in its way, or "".
-- Cost: O(log n) a lease and follow-up; at most 100 in all.
local jobs
local REFUSED = -2

-- Plans all follow-ups of a job. Returns the plans, or nil, a code, and what stands in the way.
local function planAll(job, lease)
  local plans, made = {}, {}
  for i, spec in ipairs(lease.followUps) do
    -- The job that is acked leaves its queue.
    local extra = (made[spec.queue] or 0) - (spec.inQueue == lease.queue and 1 or 0)
    local status, other = jobs.plan(spec, extra, job)
    if status < 0 then return nil, status + REFUSED, i, other and other.id or '' end
    -- One that takes another's place takes no more room.
    if status == MADE and not other then made[spec.queue] = (made[spec.queue] or 0) + 1 end
    plans[i] = { status = status, spec = spec, other = other }
  end
  return plans
end

local leases, ids = {}, {}
local at = arg + 2
while at <= #ARGV do
  local lease, n = readLease(at), tonumber(ARGV[at + 5])
  if n > 0 then jobs = jobs or maker(generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]))) end
  lease.result, lease.followUps = ARGV[at + 4], n > 0 and jobs.readJobs(at + 6, n) or {}
  leases[#leases + 1], ids[#ids + 1] = lease, lease.id
  at = at + 6 + n * JOB_ARGS
end
load(ids)

local answers = {}
for i, lease in ipairs(leases) do
  local job, why, followUps = held(lease)
  if not job then
    answers[i] = { why, followUps or '' }
  elseif job.cancelled then
    answers[i] = { settleCancelled(job, lease) }
  else
    local plans, code, number, other = planAll(job, lease)
    if not plans then
      answers[i] = { code, number, other }
    else
      local made, answer = {}, { DONE, '' }
      for j, each in ipairs(plans) do
        local followUp = each.other
        if each.status == MADE then
          followUp = jobs.make(each.spec, each.other)
          if followUp.first == 1 then answer[#answer + 1] = followUp.inQueue.index end
        end
        made[j] = followUp.id
      end
      answer[2] = table.concat(made)
      count(lease.queue, 'acked')
      settle(job, 'a', answer[2])
      finish(job, lease.queue, 'C', now, lease.result, #plans > 0)
      answers[i] = answer
    end
  end
end
flushSettled(jobs and jobs.flush)
return answers
