# lib.sh: what demo.sh and try.sh share: phases with their times, and acts that are shown and judged.
# Sourced by bash in the checkout's root.
# shellcheck shell=bash

# shellcheck source=tests/support/vcenter.sh
. tests/support/vcenter.sh

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[1;31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi
failures=0

now() { date +%s%N; }

# Prints the time since $1 as seconds with a tenth.
since() {
    local tenths=$((($(now) - $1) / 100000000))
    printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# Prepares: phase TITLE COMMAND…; its output is shown only if it fails, which ends the script.
phase() {
    local title=$1 start log=$scratch/phase.log
    shift
    start=$(now)
    printf '%-46s' "$title"
    if "$@" >"$log" 2>&1 </dev/null; then
        printf '%s\n' "$(since "$start")"
        grep -E '^(  [^ ]+  +[^ ]|tests/server: .*(fetching|building))' "$log" | sed "s/.*/    $dim&$plain/"
    else
        printf '%sfailed%s\n' "$red" "$plain"
        cat "$log"
        exit 1
    fi
}

# Begins an act.
act() { printf '\n%s── %s%s\n' "$bold" "$1" "$plain"; }

# Shows a command line, runs it, and keeps its output in $shown and its exit status in $status.
# On a terminal the command has one too (script makes it), so that colours and progress are real.
show() {
    local file=$scratch/shown start
    printf '%s$ %s%s\n' "$bold" "$*" "$plain"
    start=$(now)
    if [ -t 1 ]; then
        script -qefc "$*" "$file" </dev/null
        status=$?
        shown=$(sed $'s/\e\\[[0-9;?]*[a-zA-Z]//g; s/\r//g; /^Script \\(started\\|done\\)/d' "$file")
    else
        bash -c "$*" >"$file" 2>&1 </dev/null
        status=$?
        cat "$file"
        shown=$(cat "$file")
    fi
    printf '%s  exit %d, %s%s\n' "$dim" "$status" "$(since "$start")" "$plain"
}

# Says whether what an act should do is so: expect WHAT COMMAND…
expect() {
    local what=$1
    shift
    if "$@" >"$scratch/expect.log" 2>&1; then
        printf '  %s✓%s %s\n' "$green" "$plain" "$what"
    else
        failures=$((failures + 1))
        printf '  %s✗ %s%s\n' "$red" "$what" "$plain"
        sed 's/^/      /' "$scratch/expect.log"
    fi
}

exits() { [ "$status" -eq "$1" ] || { echo "exit $status, not $1" && false; }; }
says() { grep -qF -e "$1" <<<"$shown" || { echo "nothing says: $1" && false; }; }
