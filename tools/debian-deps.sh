#!/usr/bin/env bash
# Installs what the tests and checks need and this Debian machine lacks; prints what it installs,
# and nothing when there is nothing to do. Go itself is expected: its version is in go.mod.
#
# On other systems, and without root, it names what is missing and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()

# want PACKAGES COMMAND [ARGUMENTS...]: the packages are missing when the command fails.
want() {
  local names=$1
  shift
  if ! "$@" >/dev/null 2>&1; then
    # shellcheck disable=SC2206 # several names on purpose
    packages+=($names)
  fi
}

has_front_end() { compgen -G '*/package.json'; }

want "git" command -v git
want "make" command -v make
# The race detector is C, and needs its headers too.
want "gcc libc6-dev" sh -c 'echo "#include <stdlib.h>" | gcc -E -'
want "postgresql" tools/postgres-bin.sh
# The published way to verify a webhook is JavaScript; the tests run exactly that.
want "nodejs" command -v node
# Sentinels and a Cluster are real servers.
want "redis-server" command -v redis-server
# The way back from a backup is tested by going it.
want "pgbackrest" command -v pgbackrest
# What fails over in the chaos suite is a real Patroni; its etcd keeps who leads.
want "patroni" test -x /usr/bin/patroni
want "etcd-server" command -v etcd
# They also run the commands of the documents as they are written.
want "curl" command -v curl
# The router between cells.
want "haproxy" test -x /usr/sbin/haproxy
# Off the PATH of ordinary accounts.
want "pgbouncer" test -x /usr/sbin/pgbouncer
if has_front_end >/dev/null; then
  want "npm" command -v npm
  want "chromium" command -v chromium
  want "firefox-esr" command -v firefox-esr
  # Without it, screenshots of the page in Hindi show boxes, and its lines break elsewhere.
  want "fonts-lohit-deva" sh -c 'fc-list :lang=hi | grep -q .'
fi

if [ ${#packages[@]} -eq 0 ]; then
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "missing here, please install what your system calls them: ${packages[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "missing: ${packages[*]}; run as root: apt-get install ${packages[*]}" >&2
  exit 1
fi

echo "installing: ${packages[*]}"
# The tests start servers of their own from the binaries. Debian's package would also create one on
# port 5432, where it would stand in the way of the one in docker-compose.yml.
no_cluster=/etc/postgresql-common/createcluster.d/paygate-tests.conf
# Redis' would start one on 6379, etcd's one on 2379. Debian asks this program before it starts anything.
no_start=/usr/sbin/policy-rc.d
if [ -e "$no_start" ]; then no_start=""; fi
trap 'rm -f "$no_cluster" ${no_start:+"$no_start"}' EXIT
if [ -n "$no_start" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$no_start"
  chmod +x "$no_start"
fi
mkdir -p "${no_cluster%/*}"
echo "create_main_cluster = false" >"$no_cluster"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --yes --no-install-recommends "${packages[@]}" </dev/null >/dev/null
