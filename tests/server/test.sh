#!/bin/bash
# usage: tests/server/test.sh
# Runs the server's own tests, and says in TAP how they went.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
./go.sh test -v ./... 2>&1 | awk '
  /^ *--- (PASS|FAIL|SKIP): / {
    n++
    word = $2 == "PASS:" ? "ok" : $2 == "FAIL:" ? "not ok" : "ok"
    print word, n, "-", $3 ($2 == "SKIP:" ? " # SKIP" : "")
    next
  }
  /^(FAIL|panic:)/ { failed = 1 }
  /^(=== |PASS|ok |\?)/ { next }
  { print "# " $0 }
  END { print "1.." n + 0; exit failed }'
