#!/usr/bin/env bash
# deliver.sh github|alertmanager URL [FILE]: sends an example delivery to a running `perilune serve`, as the sender
# would: signed with $WEBHOOK_SECRET, or with the token $WEBHOOK_TOKEN. Prints the status and the answer.
#
#   WEBHOOK_SECRET=… tests/support/deliver.sh github http://127.0.0.1:8443/hooks/deploy
#   WEBHOOK_TOKEN=… tests/support/deliver.sh alertmanager http://127.0.0.1:8443/hooks/datastore-full
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kind=${1:?github or alertmanager} url=${2:?the URL of a hook}

# Secrets go through curl's standard input: an argument would be seen by everybody on the machine.
send() {
    curl --silent --show-error --config - --write-out '%{http_code}\n' --header 'Content-Type: application/json' \
        --data-binary "@$1" "$url"
}

hmac() { # of a file, with $WEBHOOK_SECRET
    python3 -c 'import hashlib, hmac, os, sys
print(hmac.new(os.environb[b"WEBHOOK_SECRET"], open(sys.argv[1], "rb").read(), hashlib.sha256).hexdigest())' "$1"
}

case $kind in
    github)
        file=${3:-$here/deliveries/github-deployment.json}
        : "${WEBHOOK_SECRET:?the secret of the hook}"
        {
            echo "header = \"X-Hub-Signature-256: sha256=$(hmac "$file")\""
            echo 'header = "X-GitHub-Event: deployment"'
            echo "header = \"X-GitHub-Delivery: ${DELIVERY_ID:-$(cat /proc/sys/kernel/random/uuid)}\""
        } | send "$file"
        ;;
    alertmanager)
        file=${3:-$here/deliveries/alertmanager.json}
        echo "header = \"Authorization: Bearer ${WEBHOOK_TOKEN:?the token of the hook}\"" | send "$file"
        ;;
    *)
        echo "deliver.sh: $kind is neither github nor alertmanager" >&2
        exit 1
        ;;
esac
