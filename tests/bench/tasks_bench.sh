#!/usr/bin/env bash
# Tasks: what a sleeping one holds, what 10,000 of them cost while they sleep, and what waking and handing
# over cost beside a bare timer of libuv and a bare resume.
set -euo pipefail
cd "$(dirname "$0")/../.."

ours() { build/perilune run tests/bench/tasks.lua "$1"; }
least() { for _ in 1 2 3; do ours "$1"; done | sort -g | head -1; }

read -r timer resume < <(build/bench/tasks_bench)
read -r switches idle_cpu < <(ours idle)
awk -v timer="$timer" -v resume="$resume" -v wake="$(least wake)" -v switch_s="$(least switch)" \
    -v memory="$(least memory)" -v switches="$switches" -v idle_cpu="$idle_cpu" 'BEGIN {
    printf "a sleeping task with two frames: %.0f bytes, of 100,000\n", memory
    printf "10,000 sleepers for 5 s: %d context switches, %.1f ms of CPU\n", switches, idle_cpu * 1e3
    printf "a wake: timer alone %.2f us, with its task %.2f us\n", timer * 1e6, wake * 1e6
    printf "a switch: resume and yield alone %.0f ns, ours %.0f ns\n", resume * 1e9, switch_s * 1e9
    printf "ratio task-bytes %.0f at most 2048\n", memory
    printf "ratio idle-switches %d at most 20\n", switches
    printf "ratio wake %.2f at most 1.6\n", wake / timer
    printf "ratio switch %.2f at most 3\n", switch_s / resume
}'
