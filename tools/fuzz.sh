#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (30s), two at once for each core, or only those of the packages that are given.
# An input that fails is left in the package's testdata/fuzz, from where `go test` runs it from then on; commit it with the mend.
#
#   FUZZTIME=5m tools/fuzz.sh ./wire
#   KEEP=10 tools/fuzz.sh    # afterwards, put the ten shortest new inputs of each target into testdata/fuzz, to be committed
set -euo pipefail
cd "$(dirname "$0")/.."

export FUZZTIME=${FUZZTIME:-30s} KEEP=${KEEP:-0}
at_once=$((2 * $(getconf _NPROCESSORS_ONLN)))
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT

# One binary for each package with targets, instrumented to tell the fuzzer what an input reaches.
packages=() targets=()
while IFS='|' read -r package folder; do
  found=$(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$folder"/*_test.go 2>/dev/null | cut -d' ' -f2 | sort) || continue
  packages+=("$package")
  for target in $found; do
    targets+=("$work/$(basename "$package").test|$folder|$target")
  done
done < <(go list -f '{{.ImportPath}}|{{.Dir}}' "${@:-./...}")
if [ ${#targets[@]} -eq 0 ]; then
  echo "there is no fuzz target in ${*:-./...}" >&2
  exit 1
fi

for package in "${packages[@]}"; do # -fuzz takes one at a time
  go test -c -fuzz=Fuzz -o "$work/$(basename "$package").test" "$package"
done

# ended_late LOG: tells whether Go's coordinator has taken the end of the time for a failure, which it does now and then before
# Go 1.27 on a busy machine (golang/go#75804). It names an input that fails, and writes it down, when there is one.
ended_late() {
  grep -qx '    context deadline exceeded' "$1" && ! grep -q -e 'Failing input written' -e 'panic' -e 'fuzzing process' "$1"
}

# one TARGET: runs it, and prints a line when it survived, all that it said when not.
one() {
  IFS='|' read -r binary folder target <<<"$1"
  local log=$work/$(basename "$binary").$target.log new=$work/$(basename "$binary").$target.new survived=false try
  cd "$folder"
  for try in 1 2 3; do
    if "$binary" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$FUZZTIME" -test.parallel=1 -test.fuzzcachedir="$new" >"$log" 2>&1; then
      survived=true
      break
    fi
    ended_late "$log" || break
    echo "again   $(basename "$folder") $target: its time ended in the middle of an input (try $try)"
  done
  if $survived; then
    echo "passed $(basename "$folder") $target: $(grep -o 'execs: [0-9]*' "$log" | tail -n 1)"
  else
    echo "FAILED $(basename "$folder") $target"
    cat "$log"
    return 1
  fi
  if [ "$KEEP" -gt 0 ] && [ -d "$new/$target" ]; then
    mkdir -p "testdata/fuzz/$target"
    find "$new/$target" -type f -size -4k -printf '%s %p\n' | sort -n | head -n "$KEEP" | cut -d' ' -f2- | xargs -r cp -t "testdata/fuzz/$target"
  fi
}
export -f ended_late one
# xargs goes on after a failure, and fails in the end.
printf '%s\0' "${targets[@]}" | xargs -0 -P "$at_once" -I{} bash -euc 'one "$1"' _ {}
echo "${#targets[@]} targets, $FUZZTIME each"
