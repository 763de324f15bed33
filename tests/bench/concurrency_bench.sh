#!/usr/bin/env bash
# Is the limit of 16 connections used? Every call takes 50 ms: making and powering on 100 VMs must take at
# least 8 times less than the sum of its calls. What applying costs is the difference to planning alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/vcenter.sh
. tests/support/vcenter.sh
playbook=tests/bench/concurrency.lua
delay_ms=50

# The calls since the last time, but for those that wait for news: these are not work.
calls() {
    curl -s --cacert "$GOVC_TLS_CA_CERTS" "${GOVC_URL%/sdk}/_test/requests" >"$scratch/calls.json"
    curl -s --cacert "$GOVC_TLS_CA_CERTS" -X DELETE "${GOVC_URL%/sdk}/_test/requests" >/dev/null
    lua5.4 -e '
        local text, total = io.read "a", 0
        for name, count in text:gmatch "\"([^\"]+)\": *(%d+)" do
            if name ~= "total" and name ~= "WaitForUpdatesEx" then total = total + count end
        end
        print(total)' <"$scratch/calls.json"
}

# Runs perilune and prints its milliseconds: timed STATUS ARGUMENT…
timed() {
    local wanted=$1 status=0 start
    shift
    start=$(date +%s%N)
    perilune "$@" >"$scratch/output" 2>&1 || status=$?
    [ "$status" -eq "$wanted" ] || { cat "$scratch/output" >&2 && exit 1; }
    echo $((($(date +%s%N) - start) / 1000000))
}

start_vcenter -delay "$delay_ms"
calls >/dev/null
plan_ms=$(timed 2 plan "$playbook")
plan_calls=$(calls)
apply_ms=$(timed 0 apply -y "$playbook")
apply_calls=$(($(calls) - plan_calls))
wall_ms=$((apply_ms - plan_ms))
sum_ms=$((apply_calls * delay_ms))

[ "$(govc find /DC0/vm/bench -type m -runtime.powerState poweredOn | wc -l)" -eq 100 ] ||
    { echo "there are not 100 VMs that are on" >&2 && exit 1; }
echo "100 VMs made and powered on: $apply_calls calls of $delay_ms ms, $sum_ms ms one by one; took $wall_ms ms"
awk -v sum="$sum_ms" -v wall="$wall_ms" 'BEGIN { printf "ratio concurrency %.1f at least 8\n", sum / wall }'
