#!/usr/bin/env bash
# Measures lateness on real Redis (AOF, fsync every second): bench/lateness.sh
# Publishes the service, starts it and a redis-server on free ports of 127.0.0.1, and stops both. JOBS, DURATION, POLLS: see lateness.mjs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=bench/service.sh
. "$here/service.sh"

start_redis
start_service
node "$here/lateness.mjs" "$service"
