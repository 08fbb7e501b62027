-- Stands before the scripts that make ids or compare them, after Prelude.lua: Crockford's base 32, most significant digit first.
-- An id is an instant of 10 digits, a sequence number of 5 within it, and 11 random ones.
local DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

local function base32(n, width)
  local digits = {}
  for i = width, 1, -1 do
    local digit = n % 32
    digits[i] = sub(DIGITS, digit + 1, digit + 1)
    n = floor((n - digit) / 32)
  end
  return table.concat(digits)
end

local function number(digits)
  local n = 0
  for digit in string.gmatch(digits, '.') do n = n * 32 + string.find(DIGITS, digit, 1, true) - 1 end
  return n
end

-- LAST_ID holds the newest id's instant and sequence number, and the digits of both.
local function setLastId(instant, sequence, digits)
  call('SET', LAST_ID, int(instant) .. ' ' .. int(sequence) .. ' ' .. digits)
end
