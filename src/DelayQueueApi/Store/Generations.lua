-- Stands before the scripts that remember things for a time, after Prelude.lua.
--
-- Two generations of a hash that take turns: what is written stays for a period at least and two at most, and nothing needs
-- sweeping. With most they also take turns once one has so many entries, so that neither grows without limit. The empty field holds the
-- instant at which a generation began.
local function generations(first, second, periodMs, most)
  local current, previous, began

  local function look()
    if current then return end
    local a = tonumber(call('HGET', first, '') or -1)
    -- Without most the second begins a period later than the first at the soonest.
    local b = not most and a >= 0 and now < a + periodMs and -1 or tonumber(call('HGET', second, '') or -1)
    if a >= b then current, previous, began = first, second, a else current, previous, began = second, first, b end
  end

  local function turn()
    if now >= began + 2 * periodMs then call('UNLINK', current) end
    call('UNLINK', previous)
    current, previous, began = previous, current, math.max(now, began + 1)
    call('HSET', current, '', int(began))
  end

  -- What was set and is not written yet; in order, as field, value.
  local unwritten, writes = {}, {}

  return {
    get = function(field)
      if unwritten[field] then return unwritten[field] end
      look()
      if began < 0 or now >= began + 2 * periodMs then return false end
      return call('HGET', current, field) or now < began + periodMs and call('HGET', previous, field)
    end,
    set = function(field, value)
      unwritten[field] = value
      writes[#writes + 1] = field
      writes[#writes + 1] = value
    end,
    write = function()
      local from = 1
      while from <= #writes do
        look()
        if began < 0 or now >= began + periodMs or (most and call('HLEN', current) > most) then turn() end
        local upTo = most and math.min(#writes, from + 2 * (most - call('HLEN', current)) + 1) or #writes
        call('HSET', current, unpack(writes, from, upTo))
        from = upTo + 1
      end
      writes = {}
    end,
  }
end
