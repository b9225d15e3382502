#!/usr/bin/env bash
# Runs a command with DATABASE_URL set to an empty database of a Postgres server that lives only as
# long as the command: on a Unix socket in a temporary folder, so that it meets no other server.
#
#   tools/with-postgres.sh go run ./cmd/paygate migrate
set -euo pipefail

if [ $# -eq 0 ]; then
  echo "usage: $0 COMMAND [ARGUMENTS...]" >&2
  exit 2
fi

bin=$("$(dirname "$0")/postgres-bin.sh")
# Not $TMPDIR: a socket's path is at most 107 bytes long, and root's own may be closed to others.
dir=$(mktemp -d /tmp/paygate-postgres.XXXXXX)

# Postgres refuses to run as root.
as_server=()
if [ "$(id -u)" -eq 0 ]; then
  user=nobody
  if id postgres >/dev/null 2>&1; then
    user=postgres
  fi
  chown "$user" "$dir"
  as_server=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env HOME="$dir")
fi

server() { (cd "$dir" && "${as_server[@]+"${as_server[@]}"}" "$bin/$1" "${@:2}"); }

finish() {
  local status=$?
  trap '' INT TERM HUP
  if [ -f "$dir/data/postmaster.pid" ]; then
    server pg_ctl stop --pgdata="$dir/data" --mode=immediate --silent || true
  fi
  rm -rf "$dir"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Nothing here outlives the command, so nothing waits for a disk.
if ! server initdb --pgdata="$dir/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C \
  --no-sync >"$dir/log" 2>&1; then
  cat "$dir/log" >&2
  exit 1
fi
settings="-c listen_addresses='' -c unix_socket_directories='$dir'"
settings+=" -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
if ! server pg_ctl start --pgdata="$dir/data" --log="$dir/data/server.log" --options="$settings" \
  --silent --wait; then
  cat "$dir/data/server.log" >&2
  exit 1
fi

export DATABASE_URL="postgres://postgres@/postgres?host=$dir"
"$@"
