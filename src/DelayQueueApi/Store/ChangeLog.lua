-- Stands before every script, as a part of Writes.lua: the log of changes, which GET /events tells (docs/events.md). What a script does to
-- jobs and queues it notes here, and write() writes it behind the changes themselves.
--
-- An entry is all that one write() has changed: its number and now, u48 each; u16 how many queues, and their names with a byte of length before
-- each; then 19 bytes a change: what, u16 the number of its queue, the job's id, zeros for none, and u16 the attempt, 0 for none.
local CHANGE_LOG, CHANGE_LAST, changesKept = KEYS[12], KEYS[13], tonumber(ARGV[2])
local NO_JOB = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
local keepsLog = changesKept > 0

-- Both are there only where a log is kept. note() takes the same change of several jobs, those of ids from one place to another: what as the
-- queue's counts call it; counts, or what begins like them, tells the attempt.
local note, writeLog

if keepsLog then
  local WHAT = {
    created = 's', claimed = 'l', acked = 'a', nacked = 'n', leasesExpired = 'e', released = 'r', cancelled = 'c', expired = 't', died = 'd',
    redriven = 'v', purged = 'x', updated = 'u', paused = 'P', resumed = 'R', settings = 'S', deleted = 'D',
  }
  local TRIM_EVERY = 64
  local noted, about = {}, {}

  note = function(queue, what, ids, from, to, counts)
    if not queue.noted then
      about[#about + 1] = queue
      queue.noted = u16(#about)
    end
    local start, attempt = WHAT[what] .. queue.noted, counts and sub(counts, 1, 2) or '\0\0'
    noted[#noted + 1] = start .. table.concat(ids, attempt .. start, from, to) .. attempt
  end

  writeLog = function()
    if #noted == 0 then return end
    local names = {}
    for i, queue in ipairs(about) do names[i], queue.noted = char(#queue.name) .. queue.name, nil end
    -- A log that begins anew goes on with other numbers than one that was lost.
    local number = call('INCR', CHANGE_LAST)
    if number == 1 then
      number = now
      call('SET', CHANGE_LAST, int(number))
    end
    call('RPUSH', CHANGE_LOG, u48(number) .. u48(now) .. u16(#names) .. table.concat(names) .. table.concat(noted))
    if number % TRIM_EVERY == 0 then call('LTRIM', CHANGE_LOG, int(-changesKept), -1) end
    noted, about = {}, {}
  end
end
