#!/usr/bin/env bash
# Small calls: our HTTP beside wrk, which does nothing else, and beside libcurl's own loop; against nginx
# with one worker, which replays one answer, and against the simulated vCenter. In turn, pair by pair.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/vcenter.sh
. tests/support/vcenter.sh
bench=build/bench/http_bench
seconds=2
port=$((20000 + RANDOM % 10000))
TIMEFORMAT='%U %S'

stop_nginx() {
    [ -z "${nginx_pid:-}" ] || kill "$nginx_pid" 2>/dev/null || true
    nginx_pid=
}
trap 'stop_nginx; leave' EXIT

start_nginx() {
    local here=$scratch/nginx
    mkdir "$here"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$here/key.pem" -out "$here/cert.pem" 2>/dev/null
    sed -e "s|PORT|$port|" tests/bench/nginx.conf >"$here/nginx.conf"
    nginx -e "$here/log" -p "$here" -c nginx.conf &
    nginx_pid=$!
    curl -s --retry 20 --retry-connrefused --retry-delay 0 --retry-max-time 10 --cacert "$here/cert.pem" \
        "https://127.0.0.1:$port/" >/dev/null
}

# A read of two properties of one VM, as a file: body MOID
body() {
    sed "s|MOID|$1|" tests/bench/bodies/call.xml >"$scratch/call.xml"
    cat >"$scratch/post.lua" <<END
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml"
local file = io.open "$scratch/call.xml"
wrk.body = file:read "a"
file:close()
END
}

# Requests, seconds, CPU seconds: run_wrk URL CONNECTIONS
run_wrk() {
    local output
    output=$({ time wrk -t1 -c"$2" -d"$seconds" -s "$scratch/post.lua" "$1"; } 2>&1)
    awk '/requests in/ { n = $1; wall = $4; sub("s,", "", wall) } { cpu = $1 + $2 }
        END { print n, wall, cpu }' <<<"$output"
}

# Pairs of wrk and ours: both lines of figures for each. pairs COUNT URL CA CONNECTIONS
pairs() {
    local i
    for ((i = 0; i < $1; i++)); do
        echo "$(run_wrk "$2" "$4") $("$bench" pool "$2" "$3" "$scratch/call.xml" "$4" "$seconds")"
    done
}

# Medians of rates, least CPU per request. judge NAME GOAL CPU_GOAL, pairs on stdin
judge() {
    awk -v name="$1" -v goal="$2" -v cpu_goal="$3" '
        function middle(list, n,    i, j, t) {
            for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++)
                if (list[j] < list[i]) { t = list[i]; list[i] = list[j]; list[j] = t }
            return list[int((n + 1) / 2)]
        }
        NF != 7 { print "no figures: " $0 >"/dev/stderr"; exit failed = 1 }
        { theirs[NR] = $1 / $2; ours[NR] = $4 / $5; ratios[NR] = ours[NR] / theirs[NR]
          theirs_cpu = NR == 1 || $3 / $1 < theirs_cpu ? $3 / $1 : theirs_cpu
          ours_cpu = NR == 1 || $6 / $4 < ours_cpu ? $6 / $4 : ours_cpu
          if ($7 > handshakes) handshakes = $7 }
        END {
            if (failed) exit 1
            ratio = middle(ratios, NR)
            printf "%s: wrk %.0f/s, %.1f us; ours %.0f/s, %.1f us; ratios %.2f to %.2f; at most %d handshakes\n",
                name, middle(theirs, NR), theirs_cpu * 1e6, middle(ours, NR), ours_cpu * 1e6,
                ratios[1], ratios[NR], handshakes
            printf "ratio %s-rate %.2f at least %.2f\n", name, ratio, goal
            if (cpu_goal > 0) printf "ratio %s-cpu %.2f at most %.2f\n", name, ours_cpu / theirs_cpu, cpu_goal
        }'
}

cpu_of() { awk '{ printf "%.3f", $3 }'; }

# CPU of 64 handshakes, with trust in all that Debian trusts and with trust in one: one is what is due.
handshakes() {
    local url=https://127.0.0.1:$port/sdk cert=$scratch/nginx/cert.pem all=$scratch/all.pem n
    cat /etc/ssl/certs/ca-certificates.crt "$cert" >"$all"
    for ca in "$cert" "$all"; do
        for n in 1 64; do "$bench" pool "$url" "$ca" "$scratch/call.xml" "$n" 0 | cpu_of && echo; done
    done | awk '{ cpu[NR] = $1 }
        END {
            due = cpu[2] - cpu[1]; bundle = cpu[4] - cpu[3]
            printf "63 more handshakes: %.0f ms with one authority, %.0f ms with Debian'"'"'s bundle (read once: %.0f ms)\n",
                due * 1e3, bundle * 1e3, (cpu[3] - cpu[1]) * 1e3
            printf "ratio handshakes-with-bundle %.2f at most 1.2\n", bundle / due
        }'
}

# One POST from spawn to exit, beside the curl command.
cold() {
    local url=https://127.0.0.1:$port/sdk ca=$scratch/nginx/cert.pem
    perilune run tests/bench/http_cold.lua "$url" "$ca" "$scratch/call.xml" | grep -q Envelope
    build/bench/startup_bench 100 \
        "curl -s --cacert $ca -H Content-Type:text/xml --data-binary @$scratch/call.xml $url" \
        "build/perilune run tests/bench/http_cold.lua $url $ca $scratch/call.xml" |
        awk '{ wall[NR] = $1; middle[NR] = $2; cpu[NR] = $3 }
            END {
                printf "one POST: curl %.1f ms (middle %.1f, CPU %.1f), ours %.1f ms (middle %.1f, CPU %.1f)\n",
                    wall[1], middle[1], cpu[1], wall[2], middle[2], cpu[2]
                printf "ratio cold-call-cpu %.2f at most 1.2\n", cpu[2] / cpu[1]
            }'
}

# The whole way of a call, from a task to values, beside the bytes alone.
calls() {
    local url=$1 ca=$2 bare ours
    bare=$(for _ in 1 2 3; do "$bench" bare "$url" "$ca" "$scratch/call.xml" 8 "$seconds"; done)
    ours=$(for _ in 1 2 3; do perilune run tests/bench/http_calls.lua 8 "$seconds"; done)
    printf '%s\n' "$bare" "$ours" | awk 'NF == 4 { c = $3 / $1; if (!bare || c < bare) bare = c }
        NF == 2 { c = $2 / $1; if (!ours || c < ours) ours = c }
        END {
            printf "a call: libcurl alone %.1f us of CPU, with task, encoding and decoding %.1f us\n", bare * 1e6, ours * 1e6
            printf "ratio calls-cpu %.2f at most 1.5\n", ours / bare
        }'
}

start_nginx
body vm-1
for connections in 8 32; do
    pairs 5 "https://127.0.0.1:$port/sdk" "$scratch/nginx/cert.pem" "$connections" |
        judge "replay-$connections" 0.8 2
done
handshakes
cold
stop_nginx

start_vcenter -dc 1
body "$(govc find -i / -type m | sed -n '1s/.*://p')"
pairs 3 "$GOVC_URL" "$GOVC_TLS_CA_CERTS" 8 | judge simulator 0.85 0
calls "$GOVC_URL" "$GOVC_TLS_CA_CERTS"
