#!/usr/bin/env bash
# Proves the checker on real processes: builds services with one mistake each and runs a load on them. Each mistake must be found, and by a
# promise that it breaks. Ends with "N of N mutants are caught". Takes about seven minutes; needs what the tests need, and libfaketime.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=true DOTNET_CLI_TELEMETRY_OPTOUT=true CI=true

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tests=tests/DelayQueueApi.Faults/bin/Debug/net10.0/DelayQueueApi.Faults
dotnet build -v q tests/DelayQueueApi.Faults >/dev/null

mkdir "$tmp/source" "$tmp/source/src"
cp -r global.json ./*.props BannedSymbols.txt .editorconfig "$tmp/source"
tar -c --exclude=bin --exclude=obj src/DelayQueueApi | tar -x -C "$tmp/source"
source=$tmp/source/src/DelayQueueApi
dotnet restore --locked-mode "$source" >/dev/null

count=0 caught=0

# build NAME FILES PERL: a service of which the Perl code has changed each of the files.
build() {
  local name=$1 files=$2 code=$3 file failed=0
  count=$((count + 1))
  for file in $files; do
    perl -0pi -e "$code" "$source/$file"
    if cmp -s "$source/$file" "src/DelayQueueApi/$file"; then
      echo "$name: the code that it changes in $file is not there any more"
      failed=1
    fi
  done
  if [ $failed = 0 ]; then
    dotnet build --no-restore -v q -o "$tmp/$name" "$source" >"$tmp/build" || { cat "$tmp/build"; exit 1; }
  fi
  for file in $files; do cp "src/DelayQueueApi/$file" "$source/$file"; done
  return $failed
}

# mutant NAME PROMISES TEST FILES PERL [ROUNDS]: one of the promises must be broken in the test once the Perl code has changed the files.
mutant() {
  local name=$1 promises=$2 test=$3 rounds=${6:-1}
  build "$name" "$4" "$5" || return 0
  DELAYQUEUE_SERVICE=$tmp/$name/DelayQueueApi.dll DELAYQUEUE_HISTORIES=$tmp DELAYQUEUE_FAULTS_ROUNDS=$rounds \
    "$tests" --filter-method "*$test" >"$tmp/told" 2>&1 || true
  if grep -Eq "^ *($promises) is broken" "$tmp/told"; then
    caught=$((caught + 1))
    echo "$name: caught, $(grep -E 'is broken' "$tmp/told" | sed 's/^ *//' | sort -u | paste -sd, | sed 's/,/, /g')"
  else
    echo "$name: NOT CAUGHT"
    tail -n 40 "$tmp/told"
  fi
}

mutant no-token-check 'S5|S8|S9|S13' Two_services_on_Redis_keep_all_promises Leases/Lease.lua \
  's/ or job\.lease ~= lease\.name//' 4

# What a claim leases is what an earlier one found, as if the look and the lease were two steps.
mutant two-step-claim 'S3|S4|S6' Two_services_on_Redis_keep_all_promises 'Leases/ClaimJobs.lua Leases/GrantJobs.lua' \
  's/  queue\.page, queue\.position = ids, 1/  local peek = "peek" .. queue.name\n  local found = call("LRANGE", peek, 0, -1)\n  call("DEL", peek)\n  for _, id in ipairs(ids) do call("RPUSH", peek, id) end\n  ids = found\n  queue.page, queue.position = ids, 1/; s/job\.state == .P. and (job\.queue == queue\.name) and job\.priority == queue\.priority and job\.runAt <= now/$1/'

mutant app-clock 'S4|S5|L1|L2' Hosts_whose_clocks_are_wrong_change_nothing Store/StoreClock.cs \
  's/=> RedisValue\.EmptyString/=> TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()/'

# The reaper goes by what it found a while ago, and not by the lease as it is now.
mutant reaper-without-recheck S5 Two_services_on_Redis_keep_all_promises 'Store/Transitions.lua Reaping/Reap.lua' \
  's/job\.state == .L. and job\.at <= now then/job.state == "L" then/; s/due\(queue\.leased, now\)/due(queue.leased, now + 900)/; s/at > now or //'

mutant early-claim S7 Two_services_on_Redis_keep_all_promises 'Leases/ClaimJobs.lua Leases/GrantJobs.lua' \
  's/if runAt > now then/if runAt > now + 50 then/; s/job\.runAt <= now/job.runAt <= now + 50/'

mutant forgotten-idempotency-keys S12 Two_services_on_Redis_keep_all_promises Jobs/MakeJobs.lua \
  's/local known = spec\.key and knownUnder\(spec\.key\)/local known = nil/'

mutant forgotten-acks S13 Two_services_on_Redis_keep_all_promises Leases/Lease.lua \
  's/settled\.get\(settledAs\(lease\.queue, lease\.id\)\)/nil/'

mutant receipts-without-replicas S1 A_job_that_replicas_are_known_to_have_outlives_its_primary Receipts/DurabilityReceipts.cs \
  's/known\.Replicas < asked\.Replicas/known.Replicas < 0/'

# The load speaks to the embedded store over one connection, which does one script at a time; a test has two.
if build embedded-store-without-transactions Store/EmbeddedStore.cs 's/"--lua-transaction-mode", //'; then
  dotnet build -v q tests/DelayQueueApi.Tests >/dev/null
  cp -r tests/DelayQueueApi.Tests/bin/Debug/net10.0 "$tmp/tests"
  cp "$tmp/embedded-store-without-transactions/DelayQueueApi.dll" "$tmp/tests"
  if "$tmp/tests/DelayQueueApi.Tests" --filter-method '*RaceTests+OnEmbedded.Parallel_claims_of_two_instances_share_no_job' >"$tmp/told" 2>&1; then
    echo "embedded-store-without-transactions: NOT CAUGHT"
  else
    caught=$((caught + 1))
    echo "embedded-store-without-transactions: caught, $(sed -nE 's/.*Actual: *Tuple \(([0-9]+), ([0-9]+)\).*/\1 leases of \2 jobs/p' "$tmp/told")"
  fi
fi

echo "$caught of $count mutants are caught"
[ "$caught" -eq "$count" ]
