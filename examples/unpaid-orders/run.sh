#!/usr/bin/env bash
# Closes 2,000 unpaid orders with workers in three languages, one of which is killed: ./run.sh [http://127.0.0.1:8080]
# Ends with an error unless every order was closed exactly once.
#   QUEUE  the queue to use, unpaid-orders by default
#   LEAD   seconds from now until the first order may be due, 8 by default; the producer must be done by then
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
host=${1:-${HOST:-http://127.0.0.1:8080}}
host=${host%/}
export QUEUE=${QUEUE:-unpaid-orders}
lead=${LEAD:-8}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

for tool in curl python3 node dotnet; do
  command -v "$tool" >/dev/null || fail "This example needs $tool."
done
curl --silent --fail --output /dev/null --max-time 5 "$host/health/ready" || fail "No service is ready at $host."

# True while the queue holds jobs that a worker has still to do.
queue_has_work() {
  curl --silent --max-time 5 "$host/queues/$QUEUE" | grep -Eq '"(scheduled|ready|leased)": *[1-9]'
}

# The shop is a new one in every run, so jobs of another run would close orders of this one.
if queue_has_work; then
  fail "The queue $QUEUE still holds jobs. Use another one: QUEUE=$QUEUE-2 $0 $host"
fi

tmp=$(mktemp -d)
mkdir "$tmp/answers"
shop_pid=
declare -A workers=()

# stop PID...: asks all of them, then waits for all, so that the last long polls end together.
stop() {
  local pid
  for pid; do
    kill -TERM "$pid" 2>/dev/null || true
    # A frozen process hears of it only once it goes on.
    kill -CONT "$pid" 2>/dev/null || true
  done
  for pid; do wait "$pid" 2>/dev/null || true; done
}

stop_workers() {
  stop "${workers[@]}"
  workers=()
}

# Takes back what a run that broke off has scheduled, so that the next one finds an empty queue.
cancel_jobs() {
  local ids id
  ids=$(cat "$tmp"/answers/* 2>/dev/null | grep -o '"id":"[^"]*"' | cut -d '"' -f 4) || return 0
  echo 'Cancelling the jobs that are left.' >&2
  for id in $ids; do
    printf 'url = "%s/jobs/%s"\noutput = "/dev/null"\n' "$host" "$id"
  done | curl --no-progress-meter --parallel --parallel-max 16 --max-time 20 --request DELETE --config - || true
}

cleanup() {
  local status=$?
  trap '' INT TERM
  stop_workers
  if [ "$status" -ne 0 ]; then cancel_jobs; fi
  if [ -n "$shop_pid" ]; then stop "$shop_pid"; fi
  rm -rf "$tmp"
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

sleep_until() {
  local left=$(($1 - $(date +%s)))
  if [ "$left" -gt 0 ]; then sleep "$left"; fi
}

# Stops a worker at a moment at which it holds a lease. The others hold theirs for milliseconds only, so a count that
# stays above zero is this one's; its open claim is answered by the service even though it does not listen.
freeze() {
  local pid=$1 try sample
  for try in {1..20}; do
    kill -STOP "$pid"
    sleep 0.2
    for sample in {1..5}; do
      sleep 0.05
      if ! curl --silent --max-time 5 "$host/queues/$QUEUE" | grep -q '"leased": *[1-9]'; then
        kill -CONT "$pid"
        sleep 0.1
        continue 2
      fi
    done
    return
  done
  kill -STOP "$pid"
}

echo 'Building the C# worker.'
dotnet build "$here/worker.cs" --configuration Release --output "$tmp/worker" --nologo --verbosity quiet >"$tmp/build.log" \
  || fail "$(cat "$tmp/build.log")"

python3 "$here/shop.py" "$tmp/shop.db" "$here/orders.csv" "$tmp/port" &
shop_pid=$!
for _ in {1..50}; do
  if [ -e "$tmp/port" ]; then break; fi
  sleep 0.1
done
[ -e "$tmp/port" ] || fail 'The shop did not start.'
shop=http://127.0.0.1:$(cat "$tmp/port")

# Should this script die without a chance to stop them, the workers end by themselves.
seconds=$((lead + 120))
python3 "$here/worker.py" "$host" "$shop" python-1 "$seconds" & workers[python-1]=$!
python3 "$here/worker.py" "$host" "$shop" python-2 "$seconds" & workers[python-2]=$!
node "$here/worker.mjs" "$host" "$shop" node-1 "$seconds" & workers[node-1]=$!
dotnet "$tmp/worker/worker.dll" "$host" "$shop" csharp-1 "$seconds" & workers[csharp-1]=$!

start=$(($(date +%s) + lead))
"$here/producer.sh" "$host" "$start" "$start-$$" "$tmp/answers"

sleep_until $((start + 4))
echo 'Freezing python-1 for longer than its leases last.'
freeze "${workers[python-1]}"
sleep 4
kill -CONT "${workers[python-1]}"

sleep_until $((start + 10))
echo 'Half-way: killing python-2.'
freeze "${workers[python-2]}"
kill -KILL "${workers[python-2]}"
wait "${workers[python-2]}" 2>/dev/null || true
unset 'workers[python-2]'

orders=$(($(wc -l <"$here/orders.csv") - 1))
all_closed_once() {
  curl --silent --max-time 5 "$shop/report" | grep -q "\"closed\": $orders, \"closedTwice\": 0,"
}

echo 'Waiting until all orders are closed.'
give_up=$(($(date +%s) + 60))
until all_closed_once && ! queue_has_work; do
  if [ "$(date +%s)" -ge "$give_up" ]; then break; fi
  sleep 0.5
done

stop_workers
echo
curl --silent --show-error --max-time 5 "$shop/report.txt"
all_closed_once || fail 'Not every order was closed exactly once.'
