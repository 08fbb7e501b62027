#!/usr/bin/env bash
# Runs the crash tests again and again with random seeds, for as many minutes as asked (60), and proves the checker first:
#   tests/soak.sh [minutes] [seed]
# Prints each seed. Stops at the first broken promise, with the counterexample; its seed and history say how to look again.
# A seed fixes what clients and faults choose, not how processes interleave, so a seed may have to be run more than once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
minutes=${1:-60} seed=${2:-}
tests/mutants.sh
end=$((SECONDS + minutes * 60)) runs=0
while [ "$SECONDS" -lt "$end" ]; do
  export DELAYQUEUE_FAULTS_SEED=${seed:-$RANDOM$RANDOM} DELAYQUEUE_FAULTS_ROUNDS=${DELAYQUEUE_FAULTS_ROUNDS:-12} CI=true
  echo "seed $DELAYQUEUE_FAULTS_SEED, run $((runs + 1))"
  tests/DelayQueueApi.Faults/bin/Debug/net10.0/DelayQueueApi.Faults --filter-not-namespace '*.Histories' --output Detailed | grep -vE '^\s*$'
  runs=$((runs + 1))
done
echo "$runs runs, no promise broken"
