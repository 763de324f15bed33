#!/usr/bin/env bash
# What encoding a CreateVM spec costs, checks included: as a multiple of walking its tables, and beside building
# them in Lua.
set -euo pipefail
cd "$(dirname "$0")/../.."
build/bench/encode_bench tests/bench/encode.lua
