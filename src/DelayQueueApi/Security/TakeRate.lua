-- include Store/Prelude.lua
-- Takes requests from their callers' rates, where these have any left. Called by SharedRates.TakeAsync.
--
-- KEYS  as Prelude.lua, no queues; then one a request:
--       rate  string  when the caller's burst is whole again, µs; it expires a while after that
-- ARGV  as Prelude.lua; then two a request: its share of a second, µs, and how many requests are a burst
-- Returns two a request: 1 taken, 0 refused; and µs until the burst is whole again, as it would be with the request.
-- Cost: O(1) a request; at most 100.
local KEPT_MS, answers = 10000, {}
for i = 1, #KEYS - FIXED_KEYS do
  local key, share, burst = KEYS[FIXED_KEYS + i], tonumber(ARGV[arg + 2 * i - 2]), tonumber(ARGV[arg + 2 * i - 1])
  local ahead = math.max(tonumber(call('GET', key) or 0) - nowMicros, 0) + share
  local taken = ahead <= share * burst
  if taken then call('SET', key, int(nowMicros + ahead), 'PX', int(floor(ahead / 1000) + KEPT_MS)) end
  answers[2 * i - 1], answers[2 * i] = taken and 1 or 0, ahead
end
return answers
