#!/bin/bash
# usage: tests/server/build.sh
# Builds build/bin/vcenter, build/bin/vcsim and build/bin/govc where they are older than
# their sources. They are of the tests and the demo; the product needs no Go.
# Where Go is missing or too old, a toolchain is fetched through the package managers
# into Go's own module cache. GO=PATH names the go program to use.
set -euo pipefail

toolchain=1.25.14 # what is fetched when there is no Go as new as go.mod asks for

cd "$(dirname "$0")"
here=$PWD
root=$(cd ../.. && pwd)
bin=$root/build/bin
mkdir -p "$bin"

exec 9>"$bin/.lock"
flock 9

say() { echo "tests/server: $*" >&2; }

up_to_date() {
  local program
  for program in vcenter vcsim govc; do
    [ -x "$bin/$program" ] || return 1
  done
  [ -z "$(find "$here" -type f ! -name '*.md' ! -name '*_test.go' -newer "$bin/.built" -print -quit)" ]
}

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
  local old arch module dir
  if ! old=$(command -v go); then
    say "there is no Go: installing golang-go with apt-get"
    apt-get install -y -q golang-go >&2
    old=$(command -v go)
  fi
  arch=$("$old" env GOARCH)
  module=golang.org/toolchain@v0.0.1-go$toolchain.linux-$arch
  dir=$("$old" env GOMODCACHE)/$module
  if [ ! -x "$dir/bin/go" ]; then
    say "$("$old" version | cut -d' ' -f3) is too old: fetching go$toolchain into Go's module cache"
    (cd / && GO111MODULE=on GOFLAGS=-mod=mod GOTOOLCHAIN=local "$old" mod download "$module") >&2 || return 1
    # The module cache keeps no execute bits; go itself sets them the same way when it switches.
    chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/* 2>/dev/null || chmod +x "$dir"/bin/*
  fi
  echo "$dir/bin/go"
}

if up_to_date; then
  exit 0
fi
if ! go=$(installed_go) && ! go=$(fetched_go); then
  say "there is no Go as new as go.mod asks for, and none could be fetched; GO=PATH names one"
  exit 1
fi
say "building vcenter, vcsim and govc with $(cd / && GOTOOLCHAIN=local "$go" env GOVERSION); the first time takes a minute"
started=$(mktemp "$bin/.built.XXXXXX")
trap 'rm -f "$started"' EXIT
export GOTOOLCHAIN=local GOFLAGS="-trimpath -buildvcs=false" CGO_ENABLED=1
"$go" build -ldflags='-s -w' -o "$bin/vcenter" .
"$go" build -ldflags='-s -w' -o "$bin/vcsim" ./vcsim
"$go" build -ldflags='-s -w' -o "$bin/govc" ./govc
mv "$started" "$bin/.built"
say "built $bin/{vcenter,vcsim,govc}"
