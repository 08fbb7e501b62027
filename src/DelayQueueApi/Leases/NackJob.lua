-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/EvenIfFull.lua
-- include Leases/Settled.lua
-- include Leases/Lease.lua
-- Gives back jobs whose attempt failed: pending again after a backoff, or dead. Called by LeaseStore.NackAsync.
--
-- KEYS  as Prelude.lua
-- ARGV  as Prelude.lua, Settled.lua and Lease.lua; more a lease:
--       1 error        what the job keeps as its last error, in JobRecord's form
--       2 delay ms     "" for the job's backoff
--       3 dead         "1": no further attempt
--       4 random       0…4294967295, for the jitter
--       5 default      the backoff of jobs that have none of their own nor of their queue, in Backoff's form
-- Returns two a lease: an integer (1 ready, 3 scheduled, 2 dead, 0 no such job, -1 lease lost, -2 cancelled meanwhile) and
--         the next run-at or the time of death, ms.
-- Cost: O(log n) a lease; at most 100.

-- Backoff in its stored form: "f<ms>,<jitter>", "e<ms>,<factor>,<max ms>,<jitter>" or "d<ms>,<ms>,…"; jitter is n, f or e.
local function backoffMs(spec, attempt, random)
  local kind, rest = sub(spec, 1, 1), sub(spec, 2)
  if kind == 'd' then
    local delays = {}
    for ms in string.gmatch(rest, '%d+') do delays[#delays + 1] = tonumber(ms) end
    return delays[math.min(attempt, #delays)]
  end
  local delay, jitter
  if kind == 'f' then
    local ms, how = string.match(rest, '^(%d+),(%a)$')
    delay, jitter = tonumber(ms), how
  else
    -- The power may be infinite: times a delay of 0 it would be no number.
    local ms, factor, max, how = string.match(rest, '^(%d+),([%d.]+),(%d+),(%a)$')
    delay, jitter = math.min(tonumber(max), tonumber(ms) * math.min(tonumber(max), tonumber(factor) ^ (attempt - 1))), how
  end
  if jitter == 'f' then delay = delay * random elseif jitter == 'e' then delay = delay / 2 + delay / 2 * random end
  return floor(delay)
end

local LAST_INSTANT = 253402300799999
local answers = {}
for _, lease in ipairs(readLeases(5)) do
  local job, why = held(lease)
  local answer, at = why == REPEATED and LOST or why, 0
  if job and job.cancelled then
    answer = settleCancelled(job, lease)
  elseif job then
    local queue = lease.queue
    count(queue, 'nacked', job.id, job.counts)
    change(job, queue)
    endAttempt(job, 'n', now, lease[1])
    if lease[3] == '1' or attemptOf(job) >= maxAttemptsOf(job) then
      die(job, queue)
      answer, at = 2, now
    else
      local backoff = backoffOf(job)
      if backoff == '' then backoff = settingsOf(queue).backoff or lease[5] end
      local delay = tonumber(lease[2]) or backoffMs(backoff, attemptOf(job), tonumber(lease[4]) / 4294967296)
      unlease(job, queue, math.min(now + delay, LAST_INSTANT))
      answer, at = job.runAt > now and 3 or 1, job.runAt
    end
  end
  answers[#answers + 1] = answer
  answers[#answers + 1] = int(at)
end
flushSettled()
return answers
