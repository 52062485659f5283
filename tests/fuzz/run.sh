#!/usr/bin/env bash
# Fuzzes doors for so many seconds each, as many at a time as JOBS says, and prints a table of what came of it.
# `make fuzz` builds them and calls this:
#
#   tests/fuzz/run.sh FOLDER-OF-TARGETS SECONDS DOOR...
#
# Crashes, 5 seconds for one input and 1 GB of memory are findings; they stay in target/fuzz/crashes, and each door's
# output in target/fuzz/DOOR.log. What a run learns stays in target/fuzz/found for the next one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
targets=$1 seconds=$2
shift 2

# Doors that take paths write their files into memory, where there is such a folder.
scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fuzz_one() {
    local door=$1 targets=$2 seconds=$3
    mkdir -p "target/fuzz/found/$door" target/fuzz/crashes "$TMPDIR/$door"
    TMPDIR=$TMPDIR/$door "$targets/$door" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
        -max_len=16384 -artifact_prefix="target/fuzz/crashes/$door-" \
        "target/fuzz/found/$door" "tests/fuzz/corpus/$door" >"target/fuzz/$door.log" 2>&1 || true
}
export -f fuzz_one
export TMPDIR=$scratch
printf '%s\n' "$@" | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'fuzz_one "$@"' _ {} "$targets" "$seconds"

printf '%-18s %8s %12s %8s %9s\n' door seconds executions edges findings
status=0
for door in "$@"; do
    log=target/fuzz/$door.log
    # "Done 1091357 runs in 21 second(s)" is missing after a finding.
    read -r runs took < <(awk '/^Done /{runs = $2; took = $5} /^#[0-9]/{last = substr($1, 2)}
        END {print (runs == "" ? last + 0 : runs), (took == "" ? "-" : took)}' "$log")
    edges=$(awk '{for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1)} END {print edges + 0}' "$log")
    findings=0
    if ! grep -q '^Done ' "$log"; then
        findings=1 status=1
    fi
    printf '%-18s %8s %12s %8s %9s\n' "$door" "$took" "$runs" "$edges" "$findings"
done
for door in "$@"; do
    grep -q '^Done ' "target/fuzz/$door.log" || { echo "== $door"; tail -n 40 "target/fuzz/$door.log"; }
done
exit $status
