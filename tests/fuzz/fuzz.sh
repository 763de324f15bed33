#!/usr/bin/env bash
# fuzz.sh [NAME]: feeds each parser, or the one named, made-up input for FUZZ_SECONDS (60); T=decode only those
# whose name contains that. Speaks TAP. What makes one fail is left in build/fuzz/found/, with its log beside.
# The seeds in corpus/ stay as they are; what is learnt goes to build/fuzz/corpus/.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
seconds=${FUZZ_SECONDS:-60}
names=()
for source in tests/fuzz/*_fuzz.c; do
    name=$(basename "$source" _fuzz.c)
    [ "$name" = "${1:-$name}" ] && [[ $name == *"${T:-}"* || -n ${1:-} ]] && names+=("$name")
done
# not under the settings of a suite of another build
make() { env -u VARIANT -u BUILD make -s -j"$(nproc)" VARIANT=fuzz "$@"; }
unset MAKEFLAGS MFLAGS MAKELEVEL
make fuzz-programs >build/tmp/fuzz.log 2>&1 || { cat build/tmp/fuzz.log && exit 1; }
mkdir -p build/fuzz/found

run() {
    mkdir -p "build/fuzz/corpus/$1"
    "build/fuzz/$1_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$1-" "build/fuzz/corpus/$1" "tests/fuzz/corpus/$1" >"build/fuzz/$1.log" 2>&1
}

echo "1..${#names[@]}"
failed=0
for i in "${!names[@]}"; do
    name=${names[i]}
    if run "$name"; then
        inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log")
        echo "ok $((i + 1)) - $name: $inputs inputs in $seconds s"
    else
        failed=1
        echo "not ok $((i + 1)) - $name: build/fuzz/$name.log"
        grep -v '^#' "build/fuzz/$name.log" | head -40
    fi
done
exit "$failed"
