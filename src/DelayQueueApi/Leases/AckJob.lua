-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- include Leases/Settled.lua
-- include Jobs/Body.lua
-- Finishes leased jobs, each together with making its follow-ups: both happen or neither. Called by LeaseStore.AckAsync.
--
-- KEYS  as Prelude.lua; the queues of the follow-ups too
-- ARGV  as Prelude.lua and Settled.lua, with the longest that an idempotency key is known, ms, and the most keys that are
--       remembered in that time; then leases that are alike, a run of one or more:
--       1 queue      index of their queue
--       2 leases     28 bytes each: id, fence (u48) and nonce
--       3 result     JSON that is kept with the jobs, where jobs are kept; "" for none
--       4 n          number of follow-ups of each, then n runs of one, as NewJobs.lua
-- Returns an integer a lease (1 done, 2 done before by this lease, 0 no such job, -1 lease lost, -2 cancelled meanwhile, -3 … -6 a
--         follow-up is refused as ScheduleJob.lua's -1 … -4 tell), or a list that begins with it: then, done, the follow-ups' ids, a
--         string of 14 bytes each, and, the first time, what became of them, a byte each as ScheduleJob.lua's 1 … 3, and the indexes
--         of the queues that have a new first job; then, refused, the number of the
--         follow-up from 1, and the id of the job in its way, or "".
-- Cost: O(log n) a lease and follow-up; at most 100 in all.
local ID, LEASE = 14, 28
local LEASED, LEASE_ONLY, LEASE_AND_TERMS, LEASE_AND_DELAY = byte('L4<D', 1, 4)
local TERMS = 12
local ids, runs, makes = {}, {}, false
do
  local at, n = arg + 2, 0
  while at <= #ARGV do
    local leases, followUps = ARGV[at + 1], tonumber(ARGV[at + 3])
    local run = { queue = queues[tonumber(ARGV[at])], leases = leases, result = ARGV[at + 2], n = followUps, followUps = at + 4, first = n + 1 }
    for from = 1, #leases, LEASE do
      n = n + 1
      ids[n] = sub(leases, from, from + ID - 1)
    end
    run.last, runs[#runs + 1] = n, run
    at, makes = at + 4 + 5 * followUps, makes or followUps > 0
  end
end
local records = call('HMGET', JOBS, unpack(ids))

-- acked are those that were plain. all is what acks the others, and most calls have none of them.
local acked, all, answers = {}, nil, {}

for _, run in ipairs(runs) do
  local queue, leases, i, deletes, leaving = run.queue, run.leases, run.first, writes.deletes, nil
  local isPlain, start = not makes and not settingsOf(queue).retentionMs, queue.bodyStart
  while i <= run.last do
    -- Jobs that are acked by their records: they have no options, nobody waits for their ends, their queue keeps none and this call makes
    -- none. Most are like that, and it takes less time (docs/performance.md).
    local from, nameAt, bytes, attempt = i, LEASE * (i - run.first) + ID + 1, 0, nil
    while isPlain and i <= run.last do
      local id, r = ids[i], records[i]
      if not r or acked[id] or (all and all.loaded[id] ~= nil) then break end
      local state, _, mark = byte(r, 1, 3)
      local name = sub(leases, nameAt, nameAt + LEASE - ID - 1)
      if state ~= LEASED or (mark ~= LEASE_AND_DELAY and mark ~= LEASE_ONLY and mark ~= LEASE_AND_TERMS) or sub(r, 10, 23) ~= name then break end
      local u, v, w, x, y, z, _, _, _, _, _, _, _, _, a, b, c = byte(r, 24, 40)
      if u * 1099511627776 + v * 4294967296 + w * 16777216 + x * 65536 + y * 256 + z <= now then break end
      local body = 41 + a + b * 256 + c
      if mark == LEASE_AND_TERMS then body = body + TERMS end
      if sub(r, body, body + #start - 1) ~= start and not isPlainBody(queue, r, body) then break end
      if keepsLog then
        -- Those of another attempt are noted by themselves.
        if attempt and attempt ~= sub(r, 30, 31) then break end
        attempt = sub(r, 30, 31)
      end
      leaving = leaving or listOf(writes.removes, queue.leased)
      settled.set(settledAs(queue, id), name .. 'a')
      acked[id], leaving[#leaving + 1], deletes[#deletes + 1], answers[i] = true, id, id, 1
      i, nameAt, bytes = i + 1, nameAt + LEASE, bytes + #r
    end
    if i > from then
      countAll(queue, 'acked', ids, from, i - 1, attempt)
      queue.bytes = queue.bytes - bytes
    else
      -- In a function, since Lua takes no more locals in one than these are.
      all = all or (function()
        -- include Store/Work.lua
        -- include Leases/Lease.lua
        -- include Jobs/NewJobs.lua
        local idempotency = generations(KEYS[6], KEYS[7], tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]))
        -- include Jobs/MakeJobs.lua
        -- include Leases/AckWith.lua
        return { ack = ack, loaded = loaded, flush = flushMade }
      end)()
      answers[i] = all.ack(run, i)
      i = i + 1
    end
  end
end
settled.write()
if all then all.flush() else write() end
return answers
