-- Sends one POST over and over, for the time that wrk is told.
--
-- wrk -t1 … -s repeat.lua URL -- PATH BODY
-- Prints one line of JSON; times are ms.

function init(args)
  wrk.method, wrk.path, wrk.body = "POST", args[1], args[2]
  wrk.headers["Content-Type"] = "application/json"
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%.6f,"failed":%d,"p50":%.3f,"p99":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
