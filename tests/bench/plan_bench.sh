#!/usr/bin/env bash
# Planning VMs that are as declared, 500 and VMS (10,000) of them: CPU time of the whole program, login included, as a
# multiple of the time in which libxml2 parses as many bytes of answers as came, into callbacks that do nothing. And the
# requests, which must be the same. Least of ROUNDS (5).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/vcenter.sh
. tests/support/vcenter.sh
rounds=${ROUNDS:-5}

# Seconds in which libxml2 parses a byte of answers about VMs.
gzip -dc tests/bench/bodies/b.xml.gz >"$scratch/b.xml"
parsing=$(build/bench/decode_bench rounds b "$scratch/b.xml" 20 9 9 | awk '
    /MB of XML/ { bytes = $2 * 1e6 }
    $1 == "raw" { printf "%.6g", $2 / 1e3 / bytes }')

playbook() { # COUNT
    cat <<EOF
playbook "bench/plan"
for i = 0, $1 - 1 do
  vm("DC0_C0_RP0_VM" .. i) {
    cpus = 1, memory = "32MiB", guest_id = "otherGuest", power = "on",
    disks = { { size = "10GiB" } }, nics = { { network = "DC0_DVPG0" } },
  }
end
EOF
}

# Plans once, and prints user and system time: planned PLAYBOOK
planned() {
    local TIMEFORMAT='%U %S'
    { time perilune plan -v "$1" >"$scratch/shown" 2>"$scratch/counts"; } 2>&1 ||
        { cat "$scratch/shown" "$scratch/counts" >&2 && exit 1; }
}

compare() { # COUNT
    local round
    VCENTER_SECONDS=600 start_vcenter -vm "$1" -host 8 -cluster 1 -standalone-host 0
    playbook "$1" >"$scratch/plan.lua"
    for ((round = 0; round <= rounds; round++)); do planned "$scratch/plan.lua"; done >"$scratch/times"
    stop_vcenter
    awk -v count="$1" -v parsing="$parsing" '
        FILENAME ~ /times$/ { t = $1 + $2; if (FNR > 1 && (!least || t < least)) least = t; if (t > most) most = t }
        / received/ {
            requests = $1
            for (i = 2; i <= NF; i++) if ($i ~ /^received/) { n = $(i - 2); unit = $(i - 1) }
            bytes = n * (unit == "GiB" ? 2^30 : unit == "MiB" ? 2^20 : 2^10)
        }
        END {
            printf "  %d VMs: CPU %.3f to %.3f s, %.0f us a VM; %.1f MB received in %d requests, parsed in %.3f s\n",
                count, least, most, least / count * 1e6, bytes / 1e6, requests, bytes * parsing
            printf "ratio plan-%d %.2f at most 3\n", count, least / (bytes * parsing)
            print requests >"'"$scratch"'/requests.'"$1"'"
        }' "$scratch/times" "$scratch/shown" "$scratch/counts"
}

compare 500
compare "${VMS:-10000}"
awk -v few="$(cat "$scratch/requests.500")" -v many="$(cat "$scratch/requests.${VMS:-10000}")" 'BEGIN {
    printf "ratio plan-requests %.2f at most 1\n", many / few }'
