# What the tests of the command line on a stack of their own share; sourced. The caller has set TMP and PRIMAFLOW_BIN.
# shellcheck shell=bash
TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
D=$TMP/stack FAILED=0 WORKERS=()

stop() {
    local pid
    for pid in "${WORKERS[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    "$TREE/ops/stack" down --dir "$D"
    rm -rf "$TMP"
}
trap stop EXIT

ok() { printf 'ok: %s\n' "$*"; }
# shellcheck disable=SC2034 # the sourcing script exits with FAILED
not_ok() { printf 'NOT OK: %s\n' "$*"; FAILED=1; }
cli() { "$PRIMAFLOW_BIN/primaflow" "$@"; }
count() { cli consume "$1" --raw | wc -l; }
sql() { sqlite3 -cmd '.timeout 5000' "$D/prima.sqlite" "$1"; }

exits() { # CODE NAME ARGUMENTS...
    local wanted=$1 name=$2 code=0
    shift 2
    cli "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || code=$?
    if [ "$code" -eq "$wanted" ]; then ok "$name"; else not_ok "$name: exit $code, wanted $wanted: $(head -c 500 "$TMP/err")"; fi
}
says() { if grep -qF -- "$1" "$TMP/out" "$TMP/err"; then ok "  says: $1"; else not_ok "  does not say: $1: $(cat "$TMP/out" "$TMP/err" | head -c 1500)"; fi; }
is() { # NAME WANTED FOUND
    if [ "$2" = "$3" ]; then ok "$1: $3"; else not_ok "$1: $3, wanted $2"; fi
}
json() { python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
for part in sys.argv[2].split("."): v = v[int(part)] if part.isdigit() else v[part]
print(v if not isinstance(v, bool) else str(v).lower())' "$TMP/out" "$1"; }

own_stack() { # ARGUMENTS of ops/stack...: up, until this script ends
    cd "$TREE" || exit
    "$TREE/ops/stack" up --dir "$D" --owner-pid $$ --prima-arg --unique --prima-arg on "$@" >/dev/null
    # shellcheck source=/dev/null
    . "$D/env"
}
terminal() { { cli consume orders.results --raw && cli consume orders.raw.dlq --raw; } | wc -l; }
await_terminal() { # COUNT: until so many events have come to an end
    for ((i = 0; i < 120; i++)); do
        if [ "$(terminal)" -ge "$1" ]; then return 0; fi
        sleep 1
    done
    not_ok "only $(terminal) of $1 events have come to an end: $(tail -n 5 "$TMP"/*.log)"
}
worker() { # LOG [key=value]...: in the background, its pid in WORKER
    local log=$1 key
    local -a options=()
    shift
    for key in "$@"; do options+=(-o "$key"); done
    "$PRIMAFLOW_BIN/primaflow-orders" --slot 0 -o prima.enforces_unique_order_number=true "${options[@]}" >>"$TMP/$log" 2>&1 </dev/null &
    WORKER=$!
    WORKERS+=("$WORKER")
}
ends() { # PID...: waits until all have ended; their status in ENDED
    local pid status
    ENDED=''
    for pid in "$@"; do
        status=0
        wait "$pid" 2>/dev/null || status=$?
        ENDED="$ENDED${ENDED:+ }$status"
    done
}
