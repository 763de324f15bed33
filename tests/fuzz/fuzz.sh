#!/usr/bin/env bash
# fuzz.sh: feeds each parser made-up input for FUZZ_SECONDS (60), T=decode only that one. What makes one fail is
# left in build/fuzz/found/. The seeds in corpus/ stay as they are; what is learnt goes to build/fuzz/corpus/.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${FUZZ_SECONDS:-60}
failed=0
for source in tests/fuzz/*_fuzz.c; do
    name=$(basename "$source" _fuzz.c)
    [[ $name == *"${T:-}"* ]] || continue
    make -s -j"$(nproc)" VARIANT=fuzz "build/fuzz/${name}_fuzz"
    mkdir -p "build/fuzz/corpus/$name" build/fuzz/found
    echo "fuzz: $name, $seconds s"
    "build/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$name-" "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" \
        >"build/fuzz/$name.log" 2>&1 || failed=1
    grep -E 'stat::number_of_executed_units|ERROR|SUMMARY' "build/fuzz/$name.log"
done
exit "$failed"
