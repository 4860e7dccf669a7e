#!/usr/bin/env bash
# The manual's way with an order_amended, from the exception to a resend that is a duplicate: primaflow amended, on a stack of its own, with a worker.
# usage: test_amended.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
COUNT=24
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

send() { # VERSION NOTE [MORE]: the amended event once more, as a later version, with so many more units of its first line
    python3 - "$TMP/amended" "$@" <<'PY' | cli produce orders.raw - >/dev/null
import json, sys
event = json.load(open(sys.argv[1]))
event["source_version"] = int(sys.argv[2])
event["event_id"] = "again-" + sys.argv[2]
event["note"] = sys.argv[3]
line = event["lines"][0]
line["quantity" if line.get("current_quantity") is None else "current_quantity"] += int(sys.argv[4]) if len(sys.argv) > 4 else 0
print(json.dumps(event))
PY
}
last_result() { # outcome, exception of the last result of the order
    cli consume orders.results | python3 -c '
import json, sys
last = [v for v in (json.loads(line)["value"] for line in sys.stdin) if v["order_id"] == sys.argv[1]][-1]
print(last["outcome"], "names" if last["exception"] else "-", last["publisher"] and "published" or "-")' "$ID"
}
is() { # NAME WANTED FOUND
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: $3, wanted $2"; fi
}

own_stack
cli generate orders --seed 11 --count $COUNT --faulty 60 --faults amended --to-kafka --expect "$TMP/expect"
# Short deadlines, so that a loss of Redis is over within seconds.
worker worker.log prima.deadline.new_order=2s prima.deadline.order_status=2s prima.deadline.customer_search=2s prima.deadline.new_customer=2s \
    prima.deadline.product_read=2s prima.max_apply_delay=500ms idempotency.margin=500ms slot.lease=2s
await_terminal $COUNT

# An order whose last word is an amendment, and that event.
cli consume orders.raw >"$TMP/raw"
read -r ID VERSION < <(python3 - "$TMP/expect" "$TMP/raw" "$TMP/amended" <<'PY'
import json, sys
last = {}
for e in map(json.loads, open(sys.argv[1])):
    last[e["order_id"]] = e
chosen = next(i for i, e in last.items() if e["code"] == "order_amended" and e["outcome"] == "dead_letter")
event = [v for v in (json.loads(line)["value"] for line in open(sys.argv[2])) if v["order_id"] == chosen][-1]
json.dump(event, open(sys.argv[3], "w"))
print(chosen, event["source_version"])
PY
)
POSTED=$(sqlite3 "$STACK_DIR/prima.sqlite" 'SELECT count(*) FROM orders')

exits 0 'the exception' why "$ID"
says 'order_amended'
exits 64 'without evidence' amended "$ID" --version "$VERSION"
says '--evidence TEXT is missing'
exits 64 'without a version' amended "$ID" --evidence 'seen in Prima'
exits 64 'an order that nobody posted' amended 4711 --version 1 --evidence 'seen in Prima'
says 'is no order that is posted'
exits 65 'a version that never came' amended "$ID" --version 7 --evidence 'seen in Prima'
says 'has no event of version 7'
exits 0 'without --yes' amended "$ID" --version "$VERSION" --evidence 'seen in Prima'
says 'nothing was written: --yes writes'
is 'nothing is decided yet' 0 "$(cli consume ops.decisions --raw | wc -l)"

exits 0 'the word' amended "$ID" --version "$VERSION" --evidence 'seen in Prima' --yes
says 'is the posted one now'
exits 0 'the word again changes nothing' amended "$ID" --version "$VERSION" --evidence 'seen in Prima' --yes
is 'the decision' amended "$(cli consume ops.decisions | tail -1 | python3 -c 'import base64, json, sys
v = json.loads(sys.stdin.readline())["value"]; v = json.loads(base64.b64decode(v["base64"])) if "base64" in v else v
print(v["decision"])')"
if cli consume ops.audit | grep -q '"action": *"amended"\|YW1lbmRlZA'; then ok 'the audit'; else not_ok 'the audit does not have it'; fi
exits 0 'the ledger' ledger show "$ID"
is '  has the lines of that version' yes "$(python3 - "$TMP/amended" "$TMP/out" <<'PY'
import json, sys
event, shown = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
line = event["lines"][0]
units = line["quantity"] if line.get("current_quantity") is None else line["current_quantity"]
print("yes" if f"{units} " in shown or f"x {units}" in shown else shown[:600])
PY
)"

send $((VERSION + 1)) 'a resend'
await_terminal $((COUNT + 1))
is 'a resend of it is a duplicate, and names no exception' 'duplicate - published' "$(last_result)"

# The word outlives Redis.
redis-cli -u "$REDIS_URL" FLUSHALL >/dev/null
send $((VERSION + 2)) 'after a loss'
await_terminal $((COUNT + 2))
is 'after a loss of Redis, too' 'duplicate - published' "$(last_result)"

# What differs from then on differs from that version.
names_units() { # NAME MORE: a dead letter of the order, and why
    local units
    units=$(python3 -c 'import json, sys
line = json.load(open(sys.argv[1]))["lines"][0]
units = line["quantity"] if line.get("current_quantity") is None else line["current_quantity"]
print(f"units from {units} to {units + int(sys.argv[2])}")' "$TMP/amended" "$2")
    cli consume orders.raw.dlq | grep -F "/$ID\"" >"$TMP/out"
    : >"$TMP/err"
    printf '%s\n' "$1"
    says "$units"
    exits 0 '  why' why "$ID"
    says "$units"
}
send $((VERSION + 3)) 'one more' 1
await_terminal $((COUNT + 3))
names_units 'a later version is named against it' 1
is 'nothing more was posted' "$POSTED" "$(sqlite3 "$STACK_DIR/prima.sqlite" 'SELECT count(*) FROM orders')"
exit "$FAILED"
