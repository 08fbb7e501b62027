#!/usr/bin/env bash
# Schedules one job for every order of orders.csv: producer.sh SERVICE START RUN ANSWERS
#   START    what dueAfterMs counts from, in whole seconds since 1970
#   RUN      stands in the idempotency keys, so that another run makes jobs of its own
#   ANSWERS  an empty folder; it gets the service's answers, one file an order
# Ends with an error if an order could not be scheduled.
set -euo pipefail

service=$1 start=$2 run=$3 answers=$4
queue=${QUEUE:-unpaid-orders}
orders=$(dirname "${BASH_SOURCE[0]}")/orders.csv
# printf %()T writes local time.
export TZ=UTC0

declare -A scheduled=()

# A curl configuration with one request for each order that is not scheduled yet.
requests() {
  local id amount due ms run_at separator=
  while IFS=, read -r id amount due; do
    if [ "$id" = id ] || [ -n "${scheduled[$id]-}" ]; then continue; fi
    ms=$((start * 1000 + due))
    printf -v run_at '%(%Y-%m-%dT%H:%M:%S)T.%03dZ' $((ms / 1000)) $((ms % 1000))
    printf '%surl = "%s/jobs"\n' "$separator" "$service"
    printf 'header = "Content-Type: application/json"\n'
    printf 'header = "Idempotency-Key: order-%s-%s"\n' "$id" "$run"
    printf 'data = "{\\"queue\\":\\"%s\\",\\"payload\\":{\\"orderId\\":%s,\\"amount\\":%s},\\"runAt\\":\\"%s\\",\\"leaseMs\\":3000}"\n' \
      "$queue" "$id" "$amount" "$run_at"
    printf 'output = "%s/%s"\n' "$answers" "$id"
    printf 'write-out = "%%{http_code} %s\\n"\n' "$id"
    separator=$'next\n'
  done <"$orders"
}

total=$(($(wc -l <"$orders") - 1))
SECONDS=0
failures=

# An order without an answer may have been scheduled or not. Its key makes it safe to send it again.
for round in 1 2 3; do
  failures=
  while read -r status id; do
    if [ "$status" = 201 ]; then
      scheduled[$id]=1
    else
      failures+="order $id: status $status"$'\n'
    fi
  done < <(requests | curl --no-progress-meter --parallel --parallel-max 16 --max-time 20 --config -)
  if [ "${#scheduled[@]}" -eq "$total" ]; then break; fi
  echo "Round $round: ${#scheduled[@]} of $total orders are scheduled." >&2
  sleep 1
done

missing=$((total - ${#scheduled[@]}))
if [ "$missing" -gt 0 ]; then
  echo "$missing orders could not be scheduled. The first ones:" >&2
  head -n 3 <<<"$failures" >&2
  exit 1
fi

echo "$total orders scheduled in $SECONDS s."
if [ "$(date +%s)" -ge "$start" ]; then
  echo "That was too slow: the first orders were due before. Start later (LEAD), else they count as late." >&2
fi
