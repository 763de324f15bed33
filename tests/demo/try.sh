#!/usr/bin/env bash
# make try: a simulated vCenter, and a shell with the environment set. Both end with the shell.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/demo/lib.sh
. tests/demo/lib.sh

phase "Installing what this machine lacks" tests/support/deps.sh demo
phase "Building perilune (C and Lua)" make -j"$(nproc)" all
phase "Building the simulated vCenter and govc (Go)" tests/server/build.sh
phase "Starting the simulated vCenter" start_vcenter -rules tests/demo/rules.json

cat <<WORDS

A vCenter is simulated at $GOVC_URL; perilune and govc in this shell talk to it. Try:

  ${bold}perilune plan playbooks/web-tier.lua$plain             what would change
  ${bold}perilune apply playbooks/web-tier.lua$plain            make it so; then plan again
  ${bold}perilune plan playbooks/web-tier.lua -e count=5$plain  two more
  ${bold}govc vm.change -vm web-01 -annotation mine$plain       change it by hand; then plan again
  ${bold}perilune doc vm$plain                                  what a VM can have

exit, or Ctrl-D, stops it.
WORDS
printf 'PS1="vcenter-simulator \\w$ "\n' >"$scratch/bashrc"
bash --rcfile "$scratch/bashrc" -i
echo "The simulated vCenter has stopped."
