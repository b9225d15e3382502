#!/usr/bin/env bash
# Prints the folder of the newest Postgres server programs on this machine, and fails when there are
# none. Debian keeps them off the PATH, a folder per version.
set -euo pipefail

shopt -s nullglob
found=(/usr/lib/postgresql/*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb)
if command -v initdb >/dev/null; then
  # What somebody put on the PATH is meant, whatever else is installed.
  found=("$(command -v initdb)")
fi
if [ ${#found[@]} -eq 0 ]; then
  echo "no Postgres server programs (initdb) on the PATH, in Debian's or in Homebrew's folders" >&2
  exit 1
fi
newest=$(printf '%s\n' "${found[@]}" | sort -V | tail -n 1)
dirname "$newest"
