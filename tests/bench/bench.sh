#!/usr/bin/env bash
# bench.sh: make bench. Runs each tests/bench/*_bench.sh (T=path picks); each prints what it measured and a
# line "ratio NAME VALUE at least|at most GOAL". Only ratios of one run count, and they have 25 % slack: a
# machine may be slow or busy. Exit 0 if all hold.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
export TMPDIR=$PWD/build/tmp
make -s -j"$(nproc)" all bench-programs server >build/tmp/build.log 2>&1 || { cat build/tmp/build.log && exit 1; }

held=0 missed=0
for bench in tests/bench/*_bench.sh; do
    [[ $bench == *"${T:-}"* ]] || continue
    echo "== $bench"
    output=$(bash "$bench" </dev/null)
    status=$?
    printf '%s\n' "$output"
    verdicts=$(awk '$1 == "ratio" {
        goal = $NF; value = $3; slack = 1.25
        is_held = $5 == "least" ? value * slack >= goal : value <= goal * slack
        print is_held ? "held" : "missed"
    }' <<<"$output")
    held=$((held + $(grep -c held <<<"$verdicts")))
    missed=$((missed + $(grep -c missed <<<"$verdicts")))
    if [ "$status" -ne 0 ] || [ -z "$verdicts" ]; then
        echo "$bench measured nothing; exit $status"
        missed=$((missed + 1))
    fi
done
echo "$held ratios hold, $missed do not"
[ "$missed" -eq 0 ] && [ "$held" -gt 0 ]
