#!/bin/bash
# usage: tests/server/go.sh ARGUMENT…
# Runs a go that is as new as go.mod asks for, in this folder: the machine's, or else a toolchain that is
# fetched through the package managers into Go's own module cache. GO=PATH names the one to use.
set -euo pipefail

toolchain=1.25.14 # what is fetched when there is no Go as new as go.mod asks for

cd "$(dirname "$0")"

say() { echo "tests/server: $*" >&2; }

# new_enough GO: does this program run, and is it as new as go.mod asks for?
new_enough() {
  local version wanted
  version=$(cd / && GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  wanted=$(awk '$1 == "go" { print $2 }' go.mod)
  [ "$(printf '%s\n%s\n' "$wanted" "${version#go}" | sort -V | head -1)" = "$wanted" ]
}

# installed_go: the first go program that is new enough, on stdout.
installed_go() {
  local candidate
  for candidate in "${GO:-}" "$(command -v go || true)" /usr/local/go/bin/go; do
    if [ -n "$candidate" ] && new_enough "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# fetched_go: the go program of the toolchain module, fetched if need be, on stdout.
fetched_go() {
  local old module dir
  if ! old=$(command -v go); then
    say "there is no Go: make deps installs it"
    return 1
  fi
  module=golang.org/toolchain@v0.0.1-go$toolchain.linux-$("$old" env GOARCH)
  dir=$("$old" env GOMODCACHE)/$module
  if [ ! -x "$dir/bin/go" ]; then
    say "$("$old" version | cut -d' ' -f3) is too old: fetching go$toolchain into Go's module cache"
    (cd / && GO111MODULE=on GOFLAGS=-mod=mod GOTOOLCHAIN=local "$old" mod download "$module") >&2 || return 1
    # The module cache keeps no execute bits; go itself sets them the same way when it switches.
    chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/* 2>/dev/null || chmod +x "$dir"/bin/*
  fi
  echo "$dir/bin/go"
}

if ! go=$(installed_go) && ! go=$(fetched_go); then
  say "there is no Go as new as go.mod asks for, and none could be fetched; GO=PATH names one"
  exit 1
fi
export GOTOOLCHAIN=local GOFLAGS="-trimpath -buildvcs=false" CGO_ENABLED=1
exec "$go" "$@"
