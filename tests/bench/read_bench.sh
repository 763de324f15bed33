#!/usr/bin/env bash
# Reading VMS (5,000) VMs from the simulator: CPU time of the whole client, login included, beside govmomi's and
# pyVmomi's for the same properties, and wall time beside curl, which throws the bytes away. A: two properties; B: five,
# four of them objects. Least of ROUNDS (5), in turn.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/vcenter.sh
. tests/support/vcenter.sh
rounds=${ROUNDS:-5} vms=${VMS:-5000}
tests/server/go.sh build -ldflags='-s -w' -o "$PWD/build/bin/read" ./read
pyvmomi=absent
if python3 -c 'import pyVmomi' 2>/dev/null; then pyvmomi=present; fi

# Lenient: pyVmomi gives its version in an attribute that the schema of the API does not have.
VCENTER_SECONDS=300 start_vcenter -lenient -vm $((vms / 2)) -host 2 -cluster 1
authority=${GOVC_URL#https://}
authority=${authority%/sdk}
soap='<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>%s</s:Body></s:Envelope>'

post() { # CONTENT
    # shellcheck disable=SC2059
    printf "$soap" "$1" | curl -s --fail --cacert "$GOVC_TLS_CA_CERTS" -b "$scratch/jar" -c "$scratch/jar" \
        -H 'Content-Type: text/xml' -H 'SOAPAction: "urn:vim25/8.0.3.0"' --data-binary @- "https://$authority/sdk"
}

# One request for all VMs below the root folder, of PROPERTY…
content() {
    local folder='<selectSet><name>f</name></selectSet>'
    printf '<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>'
    printf '<propSet><type>VirtualMachine</type>'
    printf '<pathSet>%s</pathSet>' "$@"
    printf '</propSet><objectSet><obj type="Folder">group-d1</obj><skip>true</skip>'
    printf '<selectSet xsi:type="TraversalSpec"><name>f</name><type>Folder</type><path>childEntity</path>'
    printf '<skip>false</skip>%s<selectSet><name>d</name></selectSet></selectSet>' "$folder"
    printf '<selectSet xsi:type="TraversalSpec"><name>d</name><type>Datacenter</type><path>vmFolder</path>'
    printf '<skip>false</skip>%s</selectSet></objectSet></specSet><options/></RetrievePropertiesEx>' "$folder"
}

thrown() { post "$(content "$@")" >/dev/null; }
ours() { perilune run tests/bench/read.lua "$@" >"$scratch/count"; }
govmomi() { build/bin/read "https://demo:demo@$authority/sdk" "$@" >"$scratch/count"; }
pyvmomi() { python3 tests/bench/read.py "$authority" "$@" >"$scratch/count"; }

# Prints user, system and wall time of a client: measured CLIENT PROPERTY…
measured() {
    local TIMEFORMAT='%U %S %R'
    echo 0 >"$scratch/count"
    { time "$@" 2>"$scratch/errors"; } 2>&1 || { cat "$scratch/errors" >&2 && exit 1; }
    [ "$1" = thrown ] || [ "$(cat "$scratch/count")" -ge "$vms" ] || { echo "$1 read too few VMs" >&2 && exit 1; }
}

compare() { # NAME CPU-GOAL WALL-GOAL PROPERTY…
    local name=$1 cpu_goal=$2 wall_goal=$3 client round line clients=(thrown ours govmomi)
    shift 3
    [ "$pyvmomi" = absent ] || clients+=(pyvmomi)
    for ((round = 0; round <= rounds; round++)); do
        for client in "${clients[@]}"; do
            line=$(measured "$client" "$@")
            echo "$client $round $line"
        done
    done >"$scratch/times"
    awk -v name="$name" -v cpu_goal="$cpu_goal" -v wall_goal="$wall_goal" '
        $2 > 0 { # the first round warms up
            c = $3 + $4
            if (!($1 in cpu) || c < cpu[$1]) cpu[$1] = c
            if (!($1 in wall) || $5 < wall[$1]) wall[$1] = $5
            if (c > most[$1]) most[$1] = c
        }
        END {
            for (client in cpu)
                printf "  %s: %-8s CPU %.3f to %.3f s, wall %.3f s\n", name, client, cpu[client], most[client], wall[client]
            printf "ratio read-%s-govmomi-cpu %.1f at least 10\n", name, cpu["govmomi"] / cpu["ours"]
            if ("pyvmomi" in cpu) printf "ratio read-%s-pyvmomi-cpu %.1f at least %s\n", name, cpu["pyvmomi"] / cpu["ours"], cpu_goal
            else print "peer absent: pyVmomi"
            printf "ratio read-%s-wall %.2f at most %s\n", name, wall["ours"] / wall["thrown"], wall_goal
        }' "$scratch/times"
}

post '<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>demo</userName><password>demo</password></Login>' >/dev/null
compare a 15 1.15 name runtime.powerState
compare b 20 1.4 name config.hardware runtime summary.config guest
