# Sourced by the benchmarks: the published service and a redis-server of their own, stopped when the script ends.

tmp=$(mktemp -d)
pids=()

stop_all() {
  if [ "${#pids[@]}" -gt 0 ]; then
    kill "${pids[@]}" 2>/dev/null || true
    wait "${pids[@]}" 2>/dev/null || true
  fi
  rm -rf "$tmp"
}
trap stop_all EXIT

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# await_line FILE TEXT: until the file has it.
await_line() {
  for _ in {1..300}; do
    if grep -q "$2" "$1" 2>/dev/null; then return; fi
    sleep 0.1
  done
  cat "$1" >&2
  exit 1
}

# start_redis [OPTION...]: sets $redis.
start_redis() {
  local port
  port=$(free_port)
  mkdir "$tmp/redis"
  redis-server --bind 127.0.0.1 --port "$port" --dir "$tmp/redis" --save '' --appendonly yes --appendfsync everysec "$@" >"$tmp/redis.log" &
  pids+=($!)
  redis_pid=$!
  await_line "$tmp/redis.log" 'Ready to accept connections'
  redis=127.0.0.1:$port
}

# start_service: on $redis where it is set, else on the embedded store. Sets $service.
start_service() {
  dotnet publish "$(dirname "${BASH_SOURCE[0]}")/../src/DelayQueueApi" -c Release -o "$tmp/app" --nologo -v quiet
  ConnectionStrings__Redis=${redis-} Store__DataDirectory=$tmp/data \
    dotnet "$tmp/app/DelayQueueApi.dll" --urls http://127.0.0.1:0 >"$tmp/service.log" &
  pids+=($!)
  service_pid=$!
  await_line "$tmp/service.log" 'Now listening on'
  service=$(sed -n 's/.*Now listening on: //p' "$tmp/service.log" | head -n 1)
}
