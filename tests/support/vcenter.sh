# vcenter.sh: a simulated vCenter for a shell script, in the checkout's root. Sourced.
#
#   start_vcenter [OPTION…]   starts build/bin/vcenter on a free port of loopback and exports what
#                             perilune and govc need to log in and to verify its certificate
#                             within VCENTER_SECONDS (30)
#   stop_vcenter              ends it; it also ends by itself when this shell does
#   $scratch                  a directory that is removed when the shell ends
# shellcheck shell=bash

scratch=$PWD/build/tmp/shell.$$
mkdir -p "$scratch"
export TMPDIR=$scratch
PATH=$PWD/build:$PWD/build/bin:$PATH

# The server ends when its stdin does, so nothing outlives the shell, however that ends.
start_vcenter() {
    local line run=$scratch/vcenter
    rm -rf "$run" && mkdir "$run" && mkfifo "$run/stdin" "$run/env"
    vcenter -l 127.0.0.1:0 -username demo -password demo -ca-file "$run/ca.pem" \
        -stdinexit -E "$run/env" "$@" <"$run/stdin" >"$run/log" 2>&1 &
    vcenter_pid=$!
    exec 7>"$run/stdin" 8<>"$run/env"
    while read -r -t "${VCENTER_SECONDS:-30}" -u 8 line; do
        [[ $line == *GOVC_URL=* ]] || continue
        line=${line#*GOVC_URL=}
        line=${line%% *}
        export GOVC_URL=https://${line##*@} GOVC_USERNAME=demo GOVC_PASSWORD=demo
        export GOVC_TLS_CA_CERTS=$run/ca.pem GOVC_PERSIST_SESSION=false
        unset GOVC_INSECURE GOVC_DATACENTER PERILUNE_URL
        exec 8>&-
        return 0
    done
    cat "$run/log"
    return 1
}

stop_vcenter() {
    [ -n "${vcenter_pid:-}" ] || return 0
    exec 7>&-
    wait "$vcenter_pid" 2>/dev/null
    vcenter_pid=
}

leave() {
    trap - EXIT INT TERM
    stop_vcenter
    rm -rf "$scratch"
}
trap leave EXIT
trap 'exit 130' INT TERM
