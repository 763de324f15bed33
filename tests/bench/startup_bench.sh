#!/usr/bin/env bash
# From spawn to exit, beside a program that does nothing but is linked to all libraries that ours uses: those
# that it is linked to, and those that it loads when it needs them. What a program takes that is linked to the
# first ones alone is told, too. The last command would connect, but nobody listens there: what it takes is start-up.
# With a thumbprint, as reading a file of a hundred authorities is another matter.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d build/tmp/startup.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
unset PERILUNE_URL GOVC_URL VSPHERE_SERVER VMWARE_HOST

linked=$(readelf -d build/perilune | sed -n 's/.*(NEEDED).*\[\(.*\)\]/-l:\1/p')
echo 'int main(void) { return 0; }' >"$scratch/empty.c"
empty() { cc -O2 -pie -Wl,-z,relro,-z,now,--no-as-needed -o "$scratch/$1" "$scratch/empty.c" "${@:2}"; }
# shellcheck disable=SC2046,SC2086 # one word a library
empty all $linked $(pkg-config --libs libcurl libxml-2.0)
# shellcheck disable=SC2086
empty linked $linked
echo 'vcenter()' >"$scratch/connect.lua"
cat >"$scratch/targets.lua" <<END
target "nobody" { url = "https://127.0.0.1:9", user = "u", password = secret.env "PASSWORD", thumbprint = "$(printf 'ab%.0s' {1..32})" }
END
export PASSWORD=p

names=(all linked version help usage doc-kind doc-type validate connect)
perilune=$PWD/build/perilune
playbook=$PWD/playbooks/web-tier.lua
bench=$PWD/build/bench/startup_bench
cd "$scratch"
{ "$perilune" run -t nobody connect.lua 2>&1 || true; } | grep -q "cannot connect" # or it measures something else
"$bench" 200 ./all ./linked "$perilune version" "$perilune plan --help" "$perilune plan --nonsense" "$perilune doc vm" \
    "$perilune doc VirtualMachineConfigSpec" "$perilune validate $playbook" "$perilune run -t nobody connect.lua" |
    paste -d ' ' <(printf '%s\n' "${names[@]}") - |
    awk 'NR == 1 { floor = $2 }
        { printf "%-10s least %.2f ms, middle %.2f ms, CPU %.2f ms\n", $1, $2, $3, $4 }
        NR > 2 { ratio[NR] = sprintf("ratio startup-%s %.2f at most %.1f", $1, $2 / floor, $1 == "connect" ? 1.4 : 1.2) }
        END { for (i = 3; i <= NR; i++) print ratio[i] }'
