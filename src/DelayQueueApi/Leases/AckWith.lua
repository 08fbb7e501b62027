-- Stands before what AckJob.lua does with jobs of all kinds and with follow-ups, after Lease.lua and MakeJobs.lua.
local REFUSED = -2

-- Plans all follow-ups of a job. Returns the plans, or nil, a code, and what stands in the way.
local function planAll(job, lease)
  local plans, made = {}, {}
  for i = 1, lease.n do
    local spec = specOf(readRun(lease.followUps + (RUN_ARGS + 1) * (i - 1)), 1)
    -- The job that is acked leaves its queue.
    local extra = (made[spec.queue] or 0) - (spec.inQueue == lease.queue and 1 or 0)
    local status, other = plan(spec, extra, job)
    if status < 0 then return nil, status + REFUSED, i, other and other.id or '' end
    -- One that takes another's place takes no more room.
    if status == MADE and not other then made[spec.queue] = (made[spec.queue] or 0) + 1 end
    plans[i] = { status = status, spec = spec, other = other }
  end
  return plans
end

-- Acks a job together with making its follow-ups, or says why not.
local function ackWith(job, lease)
  local plans, code, number, other = planAll(job, lease)
  if not plans then return { code, number, other } end
  local made, outcomes, answer = {}, {}, { DONE, '', '' }
  for i, each in ipairs(plans) do
    local followUp = each.other
    if each.status == MADE then
      followUp = make(each.spec, each.other)
      if followUp.isFirst then answer[#answer + 1] = followUp.inQueue.index end
    end
    made[i], outcomes[i] = followUp.id, char(each.status)
  end
  answer[2], answer[3] = table.concat(made), table.concat(outcomes)
  return answer
end

local function ack(run, i)
  local id, from = ids[i], LEASE * (i - run.first) + ID
  local lease = { id = id, name = sub(run.leases, from + 1, from + LEASE - ID), queue = run.queue, n = run.n, followUps = run.followUps }
  if loaded[id] == nil then loaded[id] = records[i] and not acked[id] and readJob(id, records[i]) end
  local job, why, followUps = held(lease)
  if not job then return followUps and followUps ~= '' and { why, followUps } or why end
  if job.cancelled then return settleCancelled(job, lease) end
  local answer = lease.n > 0 and ackWith(job, lease) or DONE
  if answer == DONE or answer[1] == DONE then
    local made = answer ~= DONE and answer[2] or ''
    count(lease.queue, 'acked', job.id, job.counts)
    settle(job, lease.queue, 'a', made)
    finish(job, lease.queue, 'C', now, run.result, made ~= '')
  end
  return answer
end
