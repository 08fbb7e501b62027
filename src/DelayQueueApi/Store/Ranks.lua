-- Stands before the scripts that read an index on from where another call has stopped, after Prelude.lua.

-- By bytes, as zsets do: the comparison of Lua may follow a language's rules.
local function isAfter(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = byte(a, i), byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end

-- How many entries of an index stand at or before a score and id. That entry itself may have left the index; any number
-- may have the same score. O(log² n). The embedded store walks to each rank from the start, so the last few are read at once.
local FEW = 64
local function rankAfter(key, score, id)
  local low = call('ZCOUNT', key, '-inf', '(' .. score)
  local high = low + call('ZCOUNT', key, score, score)
  while high - low > FEW do
    local middle = floor((low + high) / 2)
    if isAfter(call('ZRANGE', key, middle, middle)[1], id) then high = middle else low = middle + 1 end
  end
  if low == high then return low end
  for _, each in ipairs(call('ZRANGE', key, low, high - 1)) do
    if isAfter(each, id) then break end
    low = low + 1
  end
  return low
end
