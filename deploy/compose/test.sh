#!/usr/bin/env bash
# Starts docker-compose.yml from a clean clone on whatever Docker engine answers, tells the seed's story, pays in a
# browser, then kills each service in turn and starts it again, and looks whether anything was lost. It takes the
# ports of the compose file, and removes what it made.
#
#   deploy/compose/test.sh              COMPOSE="docker compose" for version 2; KEEP=1 leaves it running
set -euo pipefail
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
read -ra compose <<<"${COMPOSE:-docker-compose}"
export COMPOSE_PROJECT_NAME=paygate-test
# Where the machine's own Postgres and Redis do not listen; nothing here connects to them.
export POSTGRES_PORT=${POSTGRES_PORT:-15432} REDIS_PORT=${REDIS_PORT:-16379}
work=$(mktemp -d)
ids=$work/ids
api=http://localhost:8000

say() { printf '=== %4ds %s\n' "$SECONDS" "$*"; }
finish() {
  local status=$?
  if [ $status -ne 0 ]; then "${compose[@]}" ps || true; "${compose[@]}" logs --tail=30 || true; fi
  if [ "${KEEP:-}" != 1 ]; then "${compose[@]}" down --volumes --timeout 5 >/dev/null 2>&1 || true; rm -rf "$work"; fi
  exit $status
}

# patiently SECONDS WHAT COMMAND...: until it succeeds.
patiently() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -gt $deadline ]; then echo "not in time: $what" >&2; return 1; fi
    sleep 0.5
  done
}

services=(postgres redis api worker dashboard checkout receiver)
healthy() {
  local service id
  for service in "${services[@]}"; do
    id=$("${compose[@]}" ps -q "$service")
    [ "$(docker inspect -f '{{.State.Running}} {{.State.Health.Status}}' "$id")" = "true healthy" ] || return 1
  done
}

# pay N: makes payments, and notes those that were confirmed.
pay() {
  local n id
  for n in $(seq "$1"); do
    id=$(curl -sS --max-time 5 -X POST $api/api/v1/payments -H 'Content-Type: application/json' -d '{"amount":100,"currency":"INR"}' 2>/dev/null |
      sed -nE 's/^\{"id":"(pay_[^"]+)".*/\1/p') || true
    if [ -n "$id" ]; then echo "$id" >>"$ids"; fi
  done
}

succeeded() { curl -fsS --max-time 5 "$api/api/v1/payments/$1" | grep -q '"status":"success"'; }
nothing() { curl -fsS --max-time 5 "$api/api/v1/webhooks/logs?status=$1" | grep -q '"data":\[\]'; }
doctor() { "${compose[@]}" exec -T api /usr/local/bin/paygate doctor --settled=0s; }

settled() {
  local id
  while read -r id; do patiently 120 "payment $id succeeds" succeeded "$id"; done <"$ids"
  patiently 180 "no webhook waits to be retried" nothing retrying
  patiently 60 "no webhook waits" nothing pending
  patiently 60 "doctor finds nothing" doctor
}

trap finish EXIT
say "clone"
git clone --quiet "$root" "$work/paygate"
cd "$work/paygate"

say "up -d --build"
"${compose[@]}" up -d --build
patiently 180 "every service is healthy" healthy
docker ps
size=$(docker image inspect -f '{{.Size}}' paygate:local)
say "healthy; the image has $((size / 1000000)) MB, its user is $(docker image inspect -f '{{.Config.User}}' paygate:local)"
[ "$size" -le 40000000 ]

say "the seed's commands"
go test -tags compose -count=1 -run TestSeedOnCompose ./e2e

say "the checkout in a browser"
npm --prefix checkout ci --silent --no-audit --no-fund
node deploy/compose/checkout.mjs

: >"$ids"
for service in "${services[@]}"; do
  before=$(wc -l <"$ids")
  pay 15
  "${compose[@]}" kill "$service" >/dev/null 2>&1
  pay 5 # refused, or not, but never half
  "${compose[@]}" up -d >/dev/null 2>&1
  patiently 120 "every service is healthy after $service was killed" healthy
  pay 5
  confirmed=$(($(wc -l <"$ids") - before))
  [ "$confirmed" -ge 20 ] # those before and after at the least
  settled
  say "killed $service: $confirmed payments confirmed, all there; doctor finds nothing"
done
say "nothing was lost: $(wc -l <"$ids") payments confirmed"
