#!/usr/bin/env bash
# make demo: builds what is needed, starts a simulated vCenter on loopback and shows, in acts, a playbook
# planned, applied and watched. Each act is judged by exit status, by output and by govc as a witness.
# Exit 0 only if every act did what it should. Leaves nothing behind but build/.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
playbook=playbooks/web-tier.lua
begun=$(date +%s%N)
# shellcheck source=tests/demo/lib.sh
. tests/demo/lib.sh

# A property of an object, as govc sees it: property PATH NAME
property() { govc object.collect -s "$1" "$2"; }

# Of each VM "power memory cpus".
vm_facts() {
    local i path=/DC0/vm/web
    for i in "$@"; do
        echo "$(property "$path/$i" runtime.powerState) $(property "$path/$i" config.hardware.memoryMB)" \
            "$(property "$path/$i" config.hardware.numCPU)"
    done | sort -u
}

vlans() {
    local i
    for i in 0 1 2; do
        govc host.portgroup.info -json -host "/DC0/host/DC0_C0/DC0_C0_H$i" |
            tr -d ' \n' | grep -o '"name":"web","vlanId":[0-9]*' | grep -o '[0-9]*$'
    done | tr '\n' ' '
}

is() { [ "$1" = "$2" ] || { echo "\"$1\", not \"$2\"" && false; }; }

phase "Installing what this machine lacks" tests/support/deps.sh demo
phase "Building perilune (C and Lua)" make -j"$(nproc)" all
phase "Building the simulated vCenter and govc (Go)" tests/server/build.sh
phase "Starting the simulated vCenter" start_vcenter -rules tests/demo/rules.json
echo "    $dim$GOVC_URL, with a certificate of its own authority, which perilune verifies;"
echo "    its tasks take a second or so, as those of a real one do$plain"

act "1. What would change? A plan reads and changes nothing."
show perilune plan $playbook
expect "exit 2: changes are pending" exits 2
expect "6 resources to add" says "6 to add, 0 to change, 0 to destroy"
expect "nothing was made" is "$(govc find /DC0/vm -name 'web*')" ""

act "2. Make it so."
show perilune apply -y $playbook
expect "exit 0" exits 0
expect "govc sees three VMs on, with 2 CPUs and 4 GiB" is "$(vm_facts web-01 web-02 web-03)" "poweredOn 4096 2"
expect "govc sees the port group with VLAN 120 on each host" is "$(vlans)" "120 120 120 "
expect "govc sees their tag" is "$(govc tags.attached.ls web | wc -l)" 3

act "3. The same again: there is nothing to do."
show perilune plan $playbook
expect "exit 0: nothing is pending" exits 0
few=$(grep -o 'Read [0-9]* requests' <<<"$shown" | tr -dc 0-9)

act "4. Somebody changes a VLAN on one host, and a VM's note, by hand. The plan sees it."
show govc host.portgroup.change -host /DC0/host/DC0_C0/DC0_C0_H1 -vlan-id 666 web
show govc vm.change -vm /DC0/vm/web/web-02 -annotation "'mine now'"
show perilune plan $playbook
expect "exit 2: changes are pending" exits 2
expect "exactly two resources would change" says "0 to add, 2 to change, 0 to destroy"
expect "it names the foreign VLAN" says "666 on DC0_C0_H1 → 120"
show perilune apply -y $playbook
expect "exit 0" exits 0
expect "govc sees VLAN 120 again" is "$(vlans)" "120 120 120 "

act "5. A typo."
sed 's/memory   *= "4GiB"/memry     = "4GiB"/' $playbook >build/tmp/typo.lua
show perilune plan build/tmp/typo.lua
expect "exit 1" exits 1
expect "it offers the right word" says 'did you mean "memory"'
expect "it names file and line" says "typo.lua:$(grep -n memry build/tmp/typo.lua | cut -d: -f1):"

act "6. 300 VMs: as many requests as for 3."
show perilune plan $playbook -e count=300 "|" tail -n 2
expect "297 more VMs are planned" says "297 to add"
expect "with $few requests, as in act 3" says "Read $few requests"

printf '\n'
if [ "$failures" -gt 0 ]; then
    echo "${red}Demo: $failures of its claims did not hold.$plain"
    exit 1
fi
echo "${green}Demo: all acts did what they should, in $(since "$begun"). Next: make try$plain"
