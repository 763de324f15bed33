# lib.sh: what demo.sh and try.sh share: a simulated vCenter, phases with their times, acts that are
# shown and judged. Sourced by bash in the checkout's root; what it leaves behind ends with the shell.
# shellcheck shell=bash

scratch=$PWD/build/tmp/demo.$$
mkdir -p "$scratch"
export TMPDIR=$scratch
PATH=$PWD/build:$PWD/build/bin:$PATH

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
        grep -E '^(Installing|  [a-z]|tests/server: )' "$log" | sed "s/.*/    $dim&$plain/"
    else
        printf '%sfailed%s\n' "$red" "$plain"
        cat "$log"
        exit 1
    fi
}

# Starts the simulated vCenter on a free port of loopback and sets the environment that perilune and
# govc read. It ends when its stdin does, so whatever way this shell ends.
start_vcenter() {
    local line
    mkfifo "$scratch/vcenter.env" "$scratch/vcenter.stdin"
    vcenter -l 127.0.0.1:0 -username demo@vsphere.local -password demo -ca-file "$scratch/ca.pem" \
        -stdinexit -E "$scratch/vcenter.env" "$@" <"$scratch/vcenter.stdin" >"$scratch/vcenter.log" 2>&1 &
    vcenter_pid=$!
    exec 7>"$scratch/vcenter.stdin" 8<>"$scratch/vcenter.env"
    while read -r -t 30 -u 8 line; do
        case $line in
            *GOVC_URL=*)
                line=${line#*GOVC_URL=}
                line=${line%% *}
                export GOVC_URL=https://${line##*@}
                export GOVC_USERNAME=demo@vsphere.local GOVC_PASSWORD=demo GOVC_TLS_CA_CERTS=$scratch/ca.pem
                export GOVC_PERSIST_SESSION=false
                unset GOVC_INSECURE GOVC_DATACENTER PERILUNE_URL
                exec 8>&-
                return 0
                ;;
        esac
    done
    cat "$scratch/vcenter.log"
    return 1
}

stop_vcenter() {
    exec 7>&-
    [ -z "${vcenter_pid:-}" ] || wait "$vcenter_pid" 2>/dev/null
}

leave() {
    trap - EXIT INT TERM
    stop_vcenter
    rm -rf "$scratch"
}
trap leave EXIT
trap 'exit 130' INT TERM

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
