#!/usr/bin/env bash
# Measures what waiting claims cost while nothing is due, on real Redis: bench/idle.sh
# Publishes the service, starts it and a redis-server on free ports of 127.0.0.1, and stops both. CLAIMS, QUEUES, DURATION, DELAYED: see idle.py.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=bench/service.sh
. "$here/service.sh"

start_redis
start_service
python3 "$here/idle.py" "$service" "$service_pid" "${redis##*:}" "$redis_pid"
