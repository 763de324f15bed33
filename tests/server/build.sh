#!/bin/bash
# usage: tests/server/build.sh
# Builds build/bin/vcenter, vcsim, govc and faults where they are older than
# their sources. They are of the tests and the demo; the product needs no Go.
set -euo pipefail

cd "$(dirname "$0")"
here=$PWD
bin=$(cd ../.. && pwd)/build/bin
mkdir -p "$bin"

exec 9>"$bin/.lock"
flock 9

say() { echo "tests/server: $*" >&2; }

up_to_date() {
  local program
  for program in vcenter vcsim govc faults; do
    [ -x "$bin/$program" ] || return 1
  done
  [ -z "$(find "$here" -type f ! -name '*.md' ! -name '*_test.go' -newer "$bin/.built" -print -quit)" ]
}

if up_to_date; then
  exit 0
fi
say "building vcenter, vcsim, govc and faults with $(./go.sh env GOVERSION); the first time takes a minute"
started=$(mktemp "$bin/.built.XXXXXX")
trap 'rm -f "$started"' EXIT
./go.sh build -ldflags='-s -w' -o "$bin/" . ./vcsim ./govc ./faults
mv "$bin/server" "$bin/vcenter" # go names it after the folder
mv "$started" "$bin/.built"
say "built $bin/{vcenter,vcsim,govc,faults}"
