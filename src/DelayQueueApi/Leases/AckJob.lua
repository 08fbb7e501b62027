-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- include Store/Generations.lua
-- include Jobs/MakeJobs.lua
-- include Leases/Lease.lua
-- Finishes leased jobs, each together with making its follow-ups: both happen or neither. Called by LeaseStore.AckAsync.
--
-- KEYS  as Prelude.lua; the queues of the follow-ups too
-- ARGV  as Prelude.lua and Lease.lua, with the longest that an idempotency key is known, ms, and the most keys that are
--       remembered in that time before the leases; more a lease:
--       1 result     JSON that is kept with the job, where jobs are kept; "" for none
--       2 n          number of follow-ups, then n times four as MakeJobs.lua
-- Returns an integer a lease (1 done, 2 done before by this lease, 0 no such job, -1 lease lost, -2 cancelled meanwhile, -3 … -6 a
--         follow-up is refused as ScheduleJob.lua's -1 … -4 tell), or a list that begins with it: then, done, the follow-ups' ids, a
--         string of 14 bytes each, and the indexes of the queues that have a new first job; then, refused, the number of the
--         follow-up from 1, and the id of the job in its way, or "".
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

-- Acks a job together with making its follow-ups, or says why not.
local function ackWith(job, lease)
  local plans, code, number, other = planAll(job, lease)
  if not plans then return { code, number, other } end
  local made, answer = {}, { DONE, '' }
  for i, each in ipairs(plans) do
    local followUp = each.other
    if each.status == MADE then
      followUp = jobs.make(each.spec, each.other)
      if followUp.first == 1 then answer[#answer + 1] = followUp.inQueue.index end
    end
    made[i] = followUp.id
  end
  answer[2] = table.concat(made)
  return answer
end

-- Acks a job by its record, where it has no options, nobody waits for its end, its queue keeps none and this call makes none: most are
-- like that, and it takes less time (docs/performance.md). False where it is not, or the lease does not hold.
local function ackPlain(lease, r)
  local queue = lease.queue
  if jobs or not r or loaded[lease.id] ~= nil or sub(r, 1, 1) ~= 'L' or sub(r, 3, 3) ~= '4' or sub(r, 22, 35) ~= lease.name then return false end
  local a, b, c = byte(r, 50, 52)
  local headEnd = 52 + a + b * 256 + c
  if sub(r, headEnd + 1, headEnd + #queue.bodyStart) ~= queue.bodyStart or readU48(r, 36) <= now or settingsOf(queue).retentionMs then return false end
  loaded[lease.id] = false
  settled.set(spaceOf(queue.name) .. lease.id, lease.name .. 'a')
  writes.deletes[#writes.deletes + 1] = lease.id
  append(writes.removes, queue.leased, lease.id)
  queue.bytes = queue.bytes - #r
  count(queue, 'acked', lease.id, keepsLog and sub(r, 42, 43))
  return true
end

local leases, ids = {}, {}
local at = arg + 2
while at <= #ARGV do
  local lease, n = readLease(at), tonumber(ARGV[at + 4])
  lease.result = ARGV[at + 3]
  if n > 0 then
    jobs = jobs or maker(generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])))
    lease.followUps = jobs.readJobs(at + 5, n)
  end
  leases[#leases + 1], ids[#ids + 1] = lease, lease.id
  at = at + 5 + n * JOB_ARGS
end

local function ack(lease)
  local job, why, followUps = held(lease)
  if not job then return followUps and followUps ~= '' and { why, followUps } or why end
  if job.cancelled then return settleCancelled(job, lease) end
  local answer = lease.followUps and ackWith(job, lease) or DONE
  if answer == DONE or answer[1] == DONE then
    local made = answer ~= DONE and answer[2] or ''
    count(lease.queue, 'acked', job.id, job.counts)
    settle(job, 'a', made)
    finish(job, lease.queue, 'C', now, lease.result, made ~= '')
  end
  return answer
end

local answers, records = {}, call('HMGET', JOBS, unpack(ids))
for i, lease in ipairs(leases) do
  if ackPlain(lease, records[i]) then
    answers[i] = DONE
  else
    if loaded[lease.id] == nil then loaded[lease.id] = records[i] and readJob(lease.id, records[i]) end
    answers[i] = ack(lease)
  end
end
flushSettled(jobs and jobs.flush)
return answers
