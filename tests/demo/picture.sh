#!/usr/bin/env bash
# picture.sh: draws docs/plan.svg anew from what perilune really prints: three VMs stand, two things were
# changed by hand, and a fourth VM is wanted.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/vcenter.sh
. tests/support/vcenter.sh
make -s all server
playbook=playbooks/web-tier.lua

# shellcheck disable=SC2119 # the defaults are meant
start_vcenter
perilune apply -y $playbook
govc host.portgroup.change -host /DC0/host/DC0_C0/DC0_C0_H1 -vlan-id 666 web
govc vm.power -off -force /DC0/vm/web/web-02
govc vm.change -vm /DC0/vm/web/web-02 -m 2048
govc vm.power -on /DC0/vm/web/web-02
command="perilune plan $playbook -e count=4"
{
    printf '\e[1m$ %s\e[0m\n' "$command"
    script -qec "stty cols 100; $command" /dev/null </dev/null || true
} | lua5.4 tests/demo/ansi_to_svg.lua >"$scratch/plan.svg"
mv "$scratch/plan.svg" docs/plan.svg
