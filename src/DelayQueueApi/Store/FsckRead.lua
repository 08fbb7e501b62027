-- Stands before the scripts of fsck, after Prelude.lua: there a record may be of any bytes.

-- The job of an id, or nil where there is none or its record cannot be read.
local function tryRead(id)
  local record = call('HGET', JOBS, id)
  local read, job = pcall(readJob, id, record or '')
  local known = read and string.find(job.state, '^[PLDCE]$') and job.priority >= 0 and job.priority <= 9
  return known and (job.keptUntil or not KEPT[job.state]) and job or nil
end
