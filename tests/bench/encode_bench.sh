#!/usr/bin/env bash
# What encoding a CreateVM spec costs, checks included: as a multiple of walking its tables, beside building them in
# Lua, and beside govmomi, which encodes the same fields. Least of ROUNDS (5) runs, in turn.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/server/go.sh build -ldflags='-s -w' -o "$PWD/build/bin/encode" ./encode
for ((round = 0; round < ${ROUNDS:-5}; round++)); do
    build/bench/encode_bench tests/bench/encode.lua
    echo "  govmomi $(build/bin/encode)"
done | awk '
    $2 ~ /^[0-9.]+$/ && (!($1 in least) || $2 + 0 < least[$1]) { least[$1] = $2 + 0 }
    $2 ~ /^[0-9.]+$/ && $2 > most[$1] { most[$1] = $2 }
    /bytes a request/ { print_once = $0 }
    END {
        for (name in least) printf "  %-7s %6.2f to %.2f us a spec\n", name, least[name], most[name]
        print "  " print_once
        printf "ratio encode-to-walk %.2f at most 3.5\n", least["encode"] / least["walk"]
        printf "ratio encode-to-build %.2f at most 0.6\n", least["encode"] / least["build"]
        printf "ratio encode-govmomi %.1f at least 10\n", least["govmomi"] / least["encode"]
    }'
