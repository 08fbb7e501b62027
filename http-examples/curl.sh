#!/usr/bin/env bash
# Walks through a job's life with curl: ./curl.sh [http://127.0.0.1:8080]
# Where the service has keys, name one that is good for produce, consume and read: KEY=dq_… ./curl.sh
# Ends with an error at the first answer that has another status than it should.
set -euo pipefail

host=${1:-${HOST:-http://127.0.0.1:8080}}
host=${host%/}
queue=examples-curl

id=
# A run that breaks off must not leave its job to the next run.
trap '[ -z "$id" ] || curl --silent --output /dev/null --request DELETE --header @<(authorization) "$host/jobs/$id" || true' EXIT

# The header that names the key, not as an argument, which others on the machine could read.
authorization() {
  printf '%s' "${KEY:+Authorization: Bearer $KEY}"
}

step() {
  printf '\n== %s\n' "$1"
}

# call STATUS METHOD PATH [BODY]: sends a request, prints it and its answer, and keeps the answer's body in $answer.
call() {
  local expected=$1 method=$2 path=$3 body=${4-} reply status
  local options=(--silent --show-error --max-time 30 --request "$method" --write-out '\n%{http_code}')
  if [ -n "$body" ]; then
    options+=(--header 'Content-Type: application/json' --data "$body")
  fi
  printf '> %s %s%s\n' "$method" "$path" "${body:+ $body}"
  reply=$(curl "${options[@]}" --header @<(authorization) "$host$path")
  status=${reply##*$'\n'}
  answer=${reply%$'\n'*}
  printf '< %s%s\n' "$status" "${answer:+ $answer}"
  if [ "$status" != "$expected" ]; then
    printf 'Expected status %s.\n' "$expected" >&2
    exit 1
  fi
}

# field NAME: the string of that name in the last answer.
field() {
  local value
  value=$(sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' <<<"$answer")
  if [ -z "$value" ]; then
    printf 'The answer has no %s.\n' "$1" >&2
    exit 1
  fi
  printf '%s' "$value"
}

step 'What runs here, and how durable is it?'
call 200 GET /info

step 'Schedule a job that is due in 300 ms'
call 201 POST /jobs '{"queue":"'$queue'","payload":{"to":"ann@example.com"},"delayMs":300}'
id=$(field id)

step 'Show it: scheduled'
call 200 GET "/jobs/$id"

step 'Claim it: the answer comes when the job is due, not after two seconds'
call 200 POST /jobs/claim '{"queues":["'$queue'"],"leaseMs":30000,"waitMs":2000,"worker":"curl"}'
id=$(field id)
token=$(field token)

step 'Hold it longer: a minute from now'
call 200 POST "/jobs/$id/extend" '{"leaseToken":"'"$token"'","leaseMs":60000}'

step 'The attempt failed: give it back, to be tried again at once'
call 200 POST "/jobs/$id/nack" '{"leaseToken":"'"$token"'","error":"The mail server does not answer.","delayMs":0}'

step 'Claim it again: attempt 2, a new token, a larger fence'
call 200 POST /jobs/claim '{"queues":["'$queue'"],"leaseMs":30000,"waitMs":2000,"worker":"curl"}'
id=$(field id)
token=$(field token)

step 'Finish it'
call 204 POST "/jobs/$id/ack" '{"leaseToken":"'"$token"'"}'

step 'Finish it again, as after a lost answer: the same answer'
call 204 POST "/jobs/$id/ack" '{"leaseToken":"'"$token"'"}'

step 'Show it: a finished job is gone'
call 404 GET "/jobs/$id"

step 'Schedule a job whose result is kept for a minute'
call 201 POST /jobs '{"queue":"'$queue'","payload":{"sum":[1,2]},"retentionMs":60000}'
id=$(field id)

step 'Claim it'
call 200 POST /jobs/claim '{"queues":["'$queue'"],"waitMs":2000,"worker":"curl"}'
token=$(field token)

step 'Finish it with a result and a follow-up, in one step'
call 200 POST "/jobs/$id/ack" '{"leaseToken":"'"$token"'","result":3,"then":[{"queue":"'$queue'","payload":"tell","delayMs":3600000}]}'
next=$(sed -n 's/.*"then":\["\([^"]*\)".*/\1/p' <<<"$answer")

step 'Show it: completed, with its result'
call 200 GET "/jobs/$id"
id=$next

step 'Cancel the follow-up'
call 204 DELETE "/jobs/$id"

step 'Schedule another one for in an hour'
call 201 POST /jobs '{"queue":"'$queue'","payload":{"to":"bob@example.com"},"delayMs":3600000}'
id=$(field id)

step 'Cancel it'
call 204 DELETE "/jobs/$id"

step 'Show it: gone'
call 404 GET "/jobs/$id"

printf '\nAll answers were as they should be.\n'
