-- Stands before the scripts that end or prolong leases, after Prelude.lua: by which lease a job was let go for good.
--
-- ARGV  arg       how long settled jobs are remembered, ms
--       then what the script itself takes
-- include Store/Generations.lua
local settled = generations(KEYS[4], KEYS[5], tonumber(ARGV[arg]))
arg = arg + 1

-- Under what a job of a queue is remembered. All namespaces share the memory: what is not of the namespace default (Queues/Namespaces.cs)
-- stands behind its namespace.
local function settledAs(queue, id)
  if not queue.space then queue.space = queue.inRecord ~= queue.name and '' or string.match(queue.name, '^[^/]*') .. '\0' end
  return queue.space == '' and id or queue.space .. id
end
