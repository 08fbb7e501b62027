-- include Store/Prelude.lua
-- include Store/Work.lua
-- include Store/Ranks.lua
-- include Queues/Redrive.lua
-- Starts a redrive that goes on in the background, cancels it, or reads how far it is. Called by RedriveStore.ChangeTaskAsync.
--
-- KEYS  as Prelude.lua, one queue
-- ARGV  as Prelude.lua; then
--       arg    "start", "cancel" or "read"
--       start: rate (jobs a second), limit, error type, after, before, pairs…, as RedriveJobs.lua
-- Returns an integer (1 done, 0 there is none to cancel or read, -1 one is running already) and the task, or "".
-- Cost: O(log n).
local queue = queues[1]
local text = call('HGET', queue.stats, 'redrive') or ''
local parts = readParts(text)
local running = parts[1] == RUNNING
if ARGV[arg] ~= 'start' then
  if text == '' then return { 0, '' } end
  if running and ARGV[arg] == 'cancel' then
    parts[1], parts[3] = CANCELLED, int(now)
    text = table.concat(parts, '\0')
    call('HSET', queue.stats, 'redrive', text, 'redriveAt', NEVER)
  end
  return { 1, text }
end
if running then return { -1, text } end

-- state, started, finished, rate, limit, meant, redriven, looked at, score, as-of, error type, after, before, pairs…; the id that
-- belongs to the score may hold any bytes and stands by itself.
parts = { RUNNING, int(now), '', ARGV[arg + 1], ARGV[arg + 2], '0', '0', '0', '', int(now) }
for i = arg + 3, #ARGV do parts[#parts + 1] = ARGV[i] end
text = table.concat(parts, '\0')
call('HSET', queue.stats, 'redrive', text, 'redriveAfter', '', 'redriveAt', int(now))
call('ZADD', QUEUES, 'LT', int(now), queue.name)
return { 1, text }
