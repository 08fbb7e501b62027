-- Stands before the scripts that go by records as they are, after Prelude.lua: what a job's body begins with (docs/keyspace.md).

-- Whether a body has options: the top bit of the length of its queue's name tells that they follow, or only what stands behind them.
local function hasOptions(s, from)
  local length = byte(s, from)
  return length >= 128 and byte(s, from + length - 127) > 0
end

-- Whether a body is that of a job of the queue and has no options.
local function isPlainBody(queue, s, from)
  local name = queue.inRecord
  return byte(s, from) % 128 == #name and sub(s, from + 1, from + #name) == name and not hasOptions(s, from)
end
