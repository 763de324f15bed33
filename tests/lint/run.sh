#!/usr/bin/env bash
# run.sh NAME: runs one lint on the checkout; --list prints the names. Each prints file:line: what is wrong.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

files() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ ! -e "$f" ] || echo "$f"; done; }

case ${1:-} in
    --list) printf '%s\n' layers names length banned docs codes format lua shell go tidy ;;
    layers | names | length | banned | docs | codes) lua5.4 "tests/lint/$1.lua" . ;;
    format) files '*.c' '*.h' | xargs -r clang-format --dry-run -Werror ;;
    lua) files '*.lua' | xargs -r luacheck --quiet --codes --no-color ;;
    shell) { files '*.sh' && echo .ci/run; } | xargs -r shellcheck -x ;;
    go)
        wrong=$(files "*.go" | xargs -r "$(tests/server/go.sh env GOROOT)/bin/gofmt" -l) || exit 1
        [ -z "$wrong" ] || { echo "not laid out by gofmt: $wrong (make format)" && exit 1; }
        [ ! -d tests/server ] || tests/server/go.sh vet ./...
        ;;
    tidy) make -k -s -j"$(nproc)" tidy ;;
    *) echo "run.sh: no lint \"${1:-}\"; there are:" "$("$0" --list)" >&2 && exit 1 ;;
esac
