-- Claims and acks jobs that are ready, until as many as it is told are done. There must be a few more, or the last claims find none.
--
-- wrk -t1 … -s work.lua URL -- MODE QUEUE JOBS LIMIT LEASE_MS LEASES
--   MODE    settle: claim and ack; claim: claim, and write the leases into the file LEASES; ack: ack those of LEASES
--   LIMIT   jobs a request: 1 acks by POST /jobs/{id}/ack, more by POST /jobs/settle
-- Prints one line of JSON; the time is from the first request to the answer that brought the number up to JOBS.

local ffi = require("ffi")
ffi.cdef [[ typedef struct { long seconds, nanos; } timespec_t; int clock_gettime(int, timespec_t *); ]]
local monotonic, timespec = 1, ffi.new("timespec_t")

local mode, jobs, limit, file, claim
local leases, top = {}, 0
local completed, failed, last, start, verified = 0, 0, 0, nil, false

local function now()
  ffi.C.clock_gettime(monotonic, timespec)
  return tonumber(timespec.seconds) + tonumber(timespec.nanos) / 1e9
end

local function post(path, body)
  return wrk.format("POST", path, nil, body)
end

function init(args)
  wrk.headers["Content-Type"] = "application/json"
  mode, jobs, limit = args[1], tonumber(args[3]), tonumber(args[4])
  claim = post("/jobs/claim", '{"queues":["' .. args[2] .. '"],"leaseMs":' .. args[5] .. ',"limit":' .. limit .. '}')
  if mode == "claim" then
    file = assert(io.open(args[6], "w"))
  elseif mode == "ack" then
    for id, token in assert(io.open(args[6])):read("*a"):gmatch("(%S+) (%S+)") do
      top = top + 1
      leases[top] = { id = id, token = token }
    end
  end
end

local function settle(count)
  if limit == 1 then
    local lease = leases[top]
    leases[top], top = nil, top - 1
    return post("/jobs/" .. lease.id .. "/ack", '{"leaseToken":"' .. lease.token .. '"}')
  end
  local acks = {}
  for i = 1, count do
    local lease = leases[top]
    leases[top], top = nil, top - 1
    acks[i] = '{"id":"' .. lease.id .. '","leaseToken":"' .. lease.token .. '"}'
  end
  return post("/jobs/settle", '{"acks":[' .. table.concat(acks, ",") .. "]}")
end

function request()
  -- wrk asks once before it connects, and throws that request away.
  if not verified then
    verified = true
    return claim
  end
  start = start or now()
  if mode == "claim" or (mode == "settle" and top == 0) then
    return claim
  end
  -- Out of leases while the last answers are on their way.
  return top == 0 and wrk.format("GET", "/health/live") or settle(math.min(limit, top))
end

local function tell(seconds)
  io.write(string.format('{"done":%d,"failed":%d,"last":%d,"seconds":%.6f}\n', completed, failed, last, seconds))
  io.flush()
end

-- Plain searches: patterns would cost more than the rest of the script.
local function between(text, before, from)
  local _, left = text:find(before, from, true)
  if not left then return nil, nil end
  local right = text:find('"', left + 1, true)
  return text:sub(left + 1, right - 1), right
end

local function claimed(body)
  local id, token, at = nil, nil, 1
  while true do
    id, at = between(body, '"id":"', at)
    if not id then return end
    token, at = between(body, '"token":"', at)
    if file then
      file:write(id, " ", token, "\n")
      completed = completed + 1
    else
      top = top + 1
      leases[top] = { id = id, token = token }
    end
  end
end

local function settled(body)
  local at = 1
  while true do
    local _, right = body:find('"status":204', at, true)
    if not right then return end
    completed, at = completed + 1, right
  end
end

function response(status, headers, body)
  if status == 204 then
    completed = completed + 1
  elseif status ~= 200 then
    failed, last = failed + 1, status
  elseif body:sub(1, 8) == '{"jobs":' then
    claimed(body)
  elseif body:sub(1, 11) == '{"results":' then
    settled(body)
  end
  if completed >= jobs or failed >= 1000 then
    local seconds = now() - start
    if file then file:close() end
    tell(seconds)
    os.exit(0)
  end
end

-- Only where the time was too short. What was counted is out of reach here: wrk calls this in another Lua state.
function done()
  tell(0)
end
