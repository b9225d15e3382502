#!/usr/bin/env bash
# Writes the SQL of a database as this version leaves it: with payments in every state, and killed in the middle, so
# that jobs wait. `make schema-dump` runs it at each release; the upgrade test starts from what it wrote.
#
#   tools/with-postgres.sh e2e/testdata/dump.sh bin/paygate OUTPUT.sql.gz
set -euo pipefail
paygate=$(realpath "$1")
output=$(realpath -m "$2")
dump=$(command -v pg_dump || find /usr/lib/postgresql -name pg_dump | sort -V | tail -1)
work=$(mktemp -d)
export PAYGATE_API_ADDR=127.0.0.1:18000 PAYGATE_DASHBOARD_ADDR=127.0.0.1:0 PAYGATE_CHECKOUT_ADDR=127.0.0.1:0 \
  PAYGATE_SHOP_ADDR=127.0.0.1:0 PAYGATE_RECEIVER_ADDR=127.0.0.1:0 PAYGATE_ADMIN_ADDR=off
cd "$work"
"$paygate" dev >dev.log 2>&1 &
dev=$!
trap 'kill -9 $dev 2>/dev/null || true; rm -rf "$work"' EXIT
api=http://127.0.0.1:18000/api/v1
for _ in $(seq 300); do
  if curl -fsS "$api/payments" >/dev/null 2>&1; then break; fi
  kill -0 $dev || { cat dev.log; exit 1; }
  sleep 0.2
done

post() { curl -fsS -X POST "$api/$1" -H 'Content-Type: application/json' -H "Idempotency-Key: dump-$RANDOM-$SECONDS-$1" -d "$2"; }
id() { sed -nE 's/^\{"id":"([^"]+)".*/\1/p'; }
until_status() { # PATH STATUS
  for _ in $(seq 300); do
    if curl -fsS "$api/$1" | grep -q "\"status\":\"$2\""; then return; fi
    sleep 0.1
  done
  echo "$1 does not become $2" >&2
  exit 1
}
card='"card":{"number":"4242424242424242","expiry_month":12,"expiry_year":2039,"cvc":"123"}'

for n in $(seq 20); do
  pay=$(post payments "{\"amount\":$((n * 1000)),\"currency\":\"INR\",\"metadata\":{\"n\":\"$n\"}}" | id)
  until_status "payments/$pay" success
  if [ $((n % 4)) = 0 ]; then
    refund=$(post refunds "{\"payment_id\":\"$pay\",\"amount\":$((n * 100))}" | id)
    until_status "refunds/$refund" processed
  fi
done
until_status "payments/$(post payments '{"amount":500,"currency":"INR","method":"upi","vpa":"failure@upi"}' | id)" failed
order=$(post orders '{"amount":7000,"currency":"JPY","receipt":"R-1"}' | id)
held=$(post payments "{\"order_id\":\"$order\",\"method\":\"card\",$card,\"capture\":\"manual\"}" | id)
until_status "payments/$held" authorized
captured=$(post payments "{\"amount\":900,\"currency\":\"KWD\",\"method\":\"card\",$card,\"capture\":\"manual\"}" | id)
until_status "payments/$captured" authorized
post "payments/$captured/capture" '{"amount":600}' >/dev/null
until_status "payments/$captured" success
# An endpoint where nobody listens: its deliveries are retried after the upgrade.
post webhook_endpoints '{"url":"http://127.0.0.1:9/"}' >/dev/null
for n in $(seq 10); do post payments '{"amount":100,"currency":"INR"}' >/dev/null; done
kill -9 $dev
"$dump" --no-owner --no-privileges --inserts --rows-per-insert=200 "$DATABASE_URL" |
  # What only newer servers, or psql, understand.
  grep -vE '^(SET transaction_timeout|\\(un)?restrict|SELECT pg_catalog.set_config\(.search_path)' | gzip -9n >"$output"
ls -l "$output"
