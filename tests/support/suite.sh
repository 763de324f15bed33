#!/usr/bin/env bash
# suite.sh PART…: builds what the parts need, runs their test files, two at a time, and counts.
#
# Parts: lint, unit (C), lua (no server), integration (against the simulated vCenter), server (its own
# tests), fuzz (a few seconds each). Everything runs even when something fails. The last line is "N passed, N failed" (and
# ", N skipped" where a test says why); the exit status is 0 only if none failed.
#   T=path             only files whose path contains it
#   VARIANT=asan       the program and the C tests of build/asan
#   WATCH=valgrind     both under valgrind
#   JOBS=n             files at once
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

export VARIANT=${VARIANT:-} WATCH=${WATCH:-}
export BUILD=build${VARIANT:+/$VARIANT}
export TMPDIR=$PWD/build/tmp
export PERILUNE=$PWD/$BUILD/perilune
unset MAKEFLAGS MFLAGS MAKELEVEL
jobs=${JOBS:-$(nproc)}
filter=${T:-}
results=build/tmp/results.$$
mkdir -p "$results"
trap 'rm -rf "$results"' EXIT
[ -z "$WATCH" ] || PERILUNE=$PWD/tests/support/watched.sh

# Prints "name<TAB>command" of each test file of a part.
list() {
    local file
    case $1 in
        lint)
            for file in $(tests/lint/run.sh --list); do printf 'lint/%s\ttests/lint/run.sh %s\n' "$file" "$file"; done
            for file in tests/lint/*_test.lua; do printf '%s\tlua5.4 %s\n' "$file" "$file"; done
            ;;
        unit)
            for file in tests/unit/*/*_test.c; do
                file=${file%.c}
                printf '%s\t%s\n' "$file" "$(watch "${file/tests/$BUILD}")"
            done
            ;;
        lua | integration)
            find "tests/$1" -name '*_spec.lua' 2>/dev/null | sort | while read -r file; do
                printf '%s\t%s run tests/support/run.lua %s\n' "$file" "$PERILUNE" "$file"
            done
            ;;
        fuzz)
            for file in tests/fuzz/*_fuzz.c; do
                printf '%s\ttests/fuzz/fuzz.sh %s\n' "${file%.c}" "$(basename "$file" _fuzz.c)"
            done
            ;;
        server) [ ! -x tests/server/test.sh ] || printf 'tests/server\ttests/server/test.sh\n' ;;
        *) echo "suite.sh: no part \"$1\"" >&2 ;;
    esac
}

watch() { [ -z "$WATCH" ] && echo "$1" || echo "tests/support/watched.sh $1"; }

# What the listed files need: a failure is told and counted, and what can still run does.
build() {
    local goals
    goals="all $(sed -n 's,^tests/unit/\([^\t]*\).*,'"$BUILD"'/unit/\1,p' "$results/.list")"
    ! grep -q '^tests/\(integration\|server\)' "$results/.list" || goals+=" server"
    ! grep -q '^tests/\(lua\|integration\)' "$results/.list" || goals+=" lua-peers"
    if grep -q '^tests/fuzz' "$results/.list" &&
        ! make -k -j"$(nproc)" --no-print-directory VARIANT=fuzz fuzz-programs >build/tmp/fuzz.log 2>&1; then
        cat build/tmp/fuzz.log
        echo "0 1 0" >"$results/fuzz-build"
    fi
    # shellcheck disable=SC2086 # goals are words
    if ! make -k -j"$(nproc)" --no-print-directory $goals >build/tmp/build.log 2>&1; then
        grep -E -A8 'error:|Error|\*\*\*' build/tmp/build.log || cat build/tmp/build.log
        echo "0 1 0" >"$results/build"
        echo "FAILED  the build; all it said is in build/tmp/build.log"
    fi
}

export FUZZ_SECONDS=${FUZZ_SECONDS:-3}
started=$(date +%s)
for part in "$@"; do list "$part"; done | awk -F '\t' -v part="$filter" 'index($1, part)' >"$results/.list"
build
export RESULTS=$results
xargs -r -a "$results/.list" -d '\n' -P "$jobs" -n 1 tests/support/one.sh

read -r passed failed skipped < <(cat "$results"/* 2>/dev/null |
    awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
[ $((passed + failed)) -gt 0 ] || { echo "no test matches T=$filter" && failed=1; }
echo "$(wc -l <"$results/.list") files in $(($(date +%s) - started)) s"
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
