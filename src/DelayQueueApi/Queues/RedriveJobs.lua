-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/Ranks.lua
-- include Queues/Redrive.lua
-- Gives dead jobs new attempts: those that are named, or the queue's next ones by time of death. Called by RedriveStore.RedriveAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg           most   how many to look at, where none are named
--       as-of         jobs that died later stay dead, ms; "" for now
--       error type    only jobs whose last error has it, after an "="; "" for all
--       after, before only jobs that died at or after the one and before the other, ms
--       limit         how many to redrive
--       dry           "1" to change nothing
--       score, id     the dead job after which to go on, "" and "" from the start
--       n, pairs…     only jobs with these n pairs of metadata
--       ids…          the named ones
-- Returns how many are meant; how many of them are redriven (the others' unique keys are held by other jobs); as-of, ms; score and
--         id of the last one looked at, "" and "" where no more follow.
-- Cost: O(log² n) and O(log n) a job; at most 500 looked at and MAX_REDRIVEN redriven. Stops early once MAX_BYTES are read.
local MAX_REDRIVEN, MAX_BYTES, PAGE = 20, 8 * 1024 * 1024, 20
local queue, most, limit, dry = queues[1], tonumber(ARGV[arg]), tonumber(ARGV[arg + 5]), ARGV[arg + 6] == '1'
local filter = {
  asOf = tonumber(ARGV[arg + 1]) or now, errorType = ARGV[arg + 2], after = tonumber(ARGV[arg + 3]), before = tonumber(ARGV[arg + 4]), pairs = {},
}
local from = arg + 10 + tonumber(ARGV[arg + 9])
for i = arg + 10, from - 1 do filter.pairs[#filter.pairs + 1] = ARGV[i] end
local ids, scores, more = {}, {}, false
for i = from, #ARGV do ids[#ids + 1] = ARGV[i] end
local named = #ids > 0
if not named then ids, scores, more = nextDead(queue, filter, most, ARGV[arg + 7], ARGV[arg + 8]) end

local meant, redriven, looked, bytes = 0, 0, 0, 0
while looked < #ids and meant < limit and (named or (redriven < MAX_REDRIVEN and bytes < MAX_BYTES)) do
  if looked % PAGE == 0 then load({ unpack(ids, looked + 1, math.min(looked + PAGE, #ids)) }) end
  looked = looked + 1
  local job = loaded[ids[looked]]
  bytes = bytes + (job and #job.record or 0)
  if isMeant(job, queue, filter) then
    meant = meant + 1
    if not dry and redrive(job, queue) then redriven = redriven + 1 end
  end
end
flush()

local score, id = '', ''
if not named and looked > 0 and (looked < #ids or more) then score, id = scores[looked], ids[looked] end
return { meant, redriven, int(filter.asOf), score, id }
