#!/usr/bin/env bash
# deps.sh build|demo|test|bench: installs what tests/support/packages lists for that and this machine lacks,
# and says what and why. Asks nothing of the network when nothing is missing. With --check it only tells.
set -euo pipefail
cd "$(dirname "$0")/../.."

until=${1:-test}
names=()
lines=()

is_there() { # package witness
    case $2 in
        *.pc) command -v pkg-config >/dev/null && pkg-config --exists "${2%.pc}" && return 0 ;;
        /*) [ -e "$2" ] && return 0 ;;
        ?*) command -v "$2" >/dev/null && return 0 ;;
    esac
    grep -qx "$1" <<<"$installed"
}

find_missing() {
    local line why package witness section=
    while IFS= read -r line; do
        case $line in
            '' | '#'*) continue ;;
            '['*) [ "$section" = "[$until]" ] && return 0 || section=$line; continue ;;
        esac
        why=${line#*\# }
        read -r package witness <<<"${line%%\#*}"
        is_there "$package" "$witness" && continue
        names+=("$package")
        lines+=("$(printf '  %-22s %s' "$package" "$why")")
    done <tests/support/packages
}

refuse() {
    echo "make deps: $1" >&2
    printf '%s\n' "${lines[@]}" >&2
    echo "What to do: on Debian 12, as root: apt-get install ${names[*]}" >&2
    exit 1
}

installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii *//p' || true)
find_missing
[ ${#names[@]} -eq 0 ] && exit 0
[ "${2:-}" = --check ] && refuse "these packages are missing:"
command -v apt-get >/dev/null || refuse "there is no apt-get here; what these packages hold is missing:"
[ "$(id -u)" -eq 0 ] || refuse "only root can install what is missing:"

echo "Installing what this machine lacks (${#names[@]} packages and what they need):"
printf '%s\n' "${lines[@]}"
mkdir -p build/tmp
log=build/tmp/apt.log
export DEBIAN_FRONTEND=noninteractive
install() { apt-get -q update && apt-get -q install -y --no-install-recommends "${names[@]}"; }
if ! install >"$log" 2>&1 </dev/null; then
    tail -20 "$log" >&2
    echo "make deps: apt-get failed; all it said is in $log" >&2
    exit 1
fi
