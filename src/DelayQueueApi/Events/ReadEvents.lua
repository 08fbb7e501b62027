-- include Store/Prelude.lua
-- include Store/EvenIfFull.lua
-- Reads the log of changes from an entry on. Called by EventStore.ReadAsync.
--
-- KEYS  as Prelude.lua, no queues
-- ARGV  as Prelude.lua; then
--       arg    number of the first entry that is wanted; "" to read none
--       most   how many entries
-- Returns 1 where entries from there on are not there any more, else 0; the number of the newest entry; and the entries, oldest first, as
--         ChangeLog.lua writes them. They may begin with some before the first that is wanted.
-- Cost: O(n) in the entries that are kept, mostly in those that are read.
call('SET', CHANGE_LAST, int(now), 'NX')
local last, from = tonumber(call('GET', CHANGE_LAST)), tonumber(ARGV[arg])
if not from then return { 0, int(last), {} } end

local oldest = call('LINDEX', CHANGE_LOG, 0)
local first = oldest and readU48(oldest, 1) or last + 1
if from > last + 1 then return { 1, int(last), {} } end

-- A write that was cut short may have taken a number and left no entry, so that there are fewer than their numbers say.
local missing = last + 1 - first - call('LLEN', CHANGE_LOG)
local start = math.max(0, from - first - missing)
return { from < first and 1 or 0, int(last), call('LRANGE', CHANGE_LOG, int(start), int(start + tonumber(ARGV[arg + 1]) - 1)) }
