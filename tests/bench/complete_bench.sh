#!/usr/bin/env bash
# Completion at the prompt with the names of 10,000 VMs: CPU time of a Tab, beside looking through all names, and the
# longest stretch for which reading the names keeps the prompt from running, beside all of that time.
set -euo pipefail
cd "$(dirname "$0")/../.."
build/perilune run tests/bench/complete.lua
