#!/usr/bin/env bash
# What decoding costs above parsing: rows handed out one by one, and all rows kept, as multiples of the CPU
# time in which libxml2 parses the same bytes into callbacks that do nothing. And how memory grows.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=build/bench/decode_bench
scratch=$(mktemp -d build/tmp/decode.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# Bytes of XML and the most memory of a process of its own: peak MODE COPIES
peak() { "$bench" peak "$1" "$scratch/b.xml" "$2"; }

for body in a b c; do gzip -dc "tests/bench/bodies/$body.xml.gz" >"$scratch/$body.xml"; done
"$bench" rounds a "$scratch/a.xml" 100 1.4 1.9
"$bench" rounds b "$scratch/b.xml" 100 1.7 1.9
"$bench" rounds c "$scratch/c.xml" 20 1.7 2.0

read -r bytes raw < <(peak raw 100)
read -r _ streamed < <(peak streamed 100)
read -r _ kept < <(peak kept 100)
read -r _ raw_tenth < <(peak raw 10)
read -r _ streamed_tenth < <(peak streamed 10)
awk -v bytes="$bytes" -v raw="$raw" -v streamed="$streamed" -v kept="$kept" \
    -v growth_500=$((streamed_tenth - raw_tenth)) 'BEGIN {
    printf "memory above parsing alone, 5,000 rows of b: streamed %.1f MB (500 rows: %.1f MB), kept %.1f MB\n",
        (streamed - raw) / 1e6, growth_500 / 1e6, (kept - raw) / 1e6
    printf "ratio decode-memory-5000-to-500 %.2f at most 2\n", (streamed - raw) / growth_500
    printf "ratio decode-memory-kept %.2f at most 1.4\n", (kept - raw) / bytes
}'
