-- Stands before the scripts that make room in the end, after Prelude.lua.
--
-- Redis at its memory limit (maxmemory) refuses the first write of a script where that may take room, and none after it. So these begin with
-- a write that takes none and changes nothing: workers go on with what is there, while nothing new is taken.
call('HDEL', JOBS, '')

