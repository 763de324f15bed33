#!/usr/bin/env bash
# watched.sh [PROGRAM ARGUMENT…]: runs a program under valgrind, by default build/perilune.
# What valgrind finds is on stderr, and ends the program with status 99.
root=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")
case ${1:-} in build/*) program=$root/$1 && shift ;; *) program=$root/build/perilune ;; esac
exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect --child-silent-after-fork=yes "$program" "$@"
