#!/usr/bin/env bash
# one.sh "NAME<TAB>COMMAND": runs one test file for suite.sh and says in one piece how it went.
#
# A command that speaks TAP is counted test by test, and has failed when it ends early, with another
# number of tests than planned, or with a status of its own; another one is a test by itself.
# Leaves "passed failed skipped" in $RESULTS.
set -uo pipefail
name=${1%%$'\t'*}
read -ra command <<<"${1#*$'\t'}"
record=$RESULTS/$(tr / . <<<"$name")
log=$record.log
mkdir -p "$RESULTS"
case ${VARIANT:-}${WATCH:-} in '') limit=300 ;; *) limit=900 ;; esac

export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
started=$(date +%s%N)
timeout -k 5 "$limit" "${command[@]}" >"$log" 2>&1 </dev/null
status=$?
tenths=$((($(date +%s%N) - started) / 100000000))

read -r planned passed failed skipped < <(awk '
    /^1\.\.[0-9]+/ { planned += substr($1, 4); tap = 1 }
    /^ok .*# *[Ss][Kk][Ii][Pp]/ { skipped++; next }
    /^ok / { passed++ }
    /^not ok / { failed++ }
    END { print tap ? planned : -1, passed + 0, failed + 0, skipped + 0 }' "$log")
problem=
if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
    problem="ended after its $limit s"
elif [ "$planned" -lt 0 ]; then
    passed=$((status == 0)) failed=0 skipped=0
    [ "$status" -eq 0 ] || problem="exit $status"
elif [ $((passed + failed + skipped)) -ne "$planned" ]; then
    problem="$((passed + failed + skipped)) tests ran of $planned planned; exit $status"
elif [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    problem="exit $status though no test failed"
fi
[ -z "$problem" ] || failed=$((failed + 1))

report=$(
    if [ "$failed" -eq 0 ]; then
        printf 'ok      %-52s %3d passed %3d.%d s\n' "$name" "$passed" $((tenths / 10)) $((tenths % 10))
        grep -E '^ok .*# *[Ss][Kk][Ii][Pp]' "$log" | sed 's/^/        /'
    else
        printf 'FAILED  %-52s %3d passed, %d failed %d.%d s  %s\n' "$name" "$passed" "$failed" \
            $((tenths / 10)) $((tenths % 10)) "$problem"
        grep -v '^ok ' "$log" | head -200 | sed 's/^/        /'
    fi
)
rm -f "$log"
echo "$passed $failed $skipped" >"$record"
flock "$RESULTS" -c "cat" <<<"$report"
