#!/usr/bin/env bash
# primaflow import shopify refunds and import bigcommerce refunds, with a real Kafka: a file through the pipe, and what is then in refunds.raw; the same
# refund out of its order and alone; a file with one wrong refund sends nothing, with --skip-bad the others, and what was set aside is imported in its turn.
# usage: with_kafka BIN-FOLDER test_refunds.sh
set -euo pipefail

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
TMP=$(mktemp -d)
FAILED=0
SEED=$((RANDOM % 90000 * 1000)) # ids of our own on a Kafka that others use too
START=$(date -u +%Y-%m-%dT%H:%M:%SZ)
trap 'rm -rf "$TMP"' EXIT
cd "$TREE"

ok() { printf 'ok: %s\n' "$*"; }
not_ok() { printf 'NOT OK: %s\n' "$*"; FAILED=1; }
cli() { "$PRIMAFLOW" "$@"; }
exits() { # CODE NAME ARGUMENTS...: stdin is "$TMP/in"
    local wanted=$1 name=$2 code=0
    shift 2
    cli "$@" >"$TMP/out" 2>"$TMP/err" <"$TMP/in" || code=$?
    if [ "$code" -eq "$wanted" ]; then ok "$name"; else not_ok "$name: exit $code, wanted $wanted: $(head -c 500 "$TMP/err")"; fi
}
says() { if grep -qF -- "$1" "$TMP/out" "$TMP/err"; then ok "  says: $1"; else not_ok "  does not say: $1: $(cat "$TMP/out" "$TMP/err" | head -c 1500)"; fi; }
is() { # NAME WANTED FOUND
    if [ "$2" = "$3" ]; then ok "$1: $3"; else not_ok "$1: $3, wanted $2"; fi
}
sent() { cli consume refunds.raw --raw --from "$START" | wc -l; }

python3 - "$TREE/tests/fixtures" "$TMP" "$SEED" <<'PY'
import copy, json, sys
fixtures, tmp, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
orders = [json.load(open(f"{fixtures}/{path}.json"))["order"] for path in ("shopify/edited_and_refunded", "shopify_refunds/whole", "shopify_refunds/whole_eur")]
orders[2]["id"] += 1
orders[2]["refunds"][0]["id"] += 1
for order in orders:
    order["id"] += seed
    for refund in order["refunds"]:
        refund.update(id=refund["id"] + seed, order_id=order["id"])
def lines(name, objects):
    with open(f"{tmp}/{name}", "w") as f:
        f.writelines(json.dumps(o) + "\n" for o in objects)
lines("orders.jsonl", orders)
lines("alone.jsonl", [{"refund": r} for o in orders[1:] for r in o["refunds"]])
bad = copy.deepcopy(orders)
bad[0]["refunds"][1]["transactions"][0]["status"] = "perhaps"
lines("bad.jsonl", bad)
refunds = json.load(open(f"{fixtures}/bigcommerce/refunds.json"))
refunds["data"][0]["id"] += seed
lines("bigcommerce.json", [refunds])
PY

cli topics create >/dev/null
BEFORE=$(sent)

cp "$TMP/bad.jsonl" "$TMP/in"
exits 65 'a wrong refund: nothing is sent' import shopify refunds - --store uk --to-kafka
says "stdin:1: refund $((703 + SEED)) of order #1004 ($((5700000000004 + SEED))): "'$.refunds[1].transactions[0].status: "perhaps" is none of success, pending, failure and error'
says '1 complaints about 1 of 4 refunds; nothing was sent'
is '  in the topic' "$BEFORE" "$(sent)"
exits 65 'the others go' import shopify refunds - --store uk --to-kafka --skip-bad "$TMP/aside.jsonl" --json
says '{"topic": "refunds.raw", "records": 3, "refund": 2, "edit": 1, "untold": 0, "test": 0, "bad": 1}'
is '  set aside for its owner alone' 600 "$(stat -c %a "$TMP/aside.jsonl")"
sed 's/"perhaps"/"success"/' "$TMP/aside.jsonl" >"$TMP/in"
exits 0 'and it, once it is corrected' import shopify refunds - --store uk --to-kafka --json
says '"records": 1,'
cp "$TMP/bigcommerce.json" "$TMP/in"
exits 0 'a second channel' import bigcommerce refunds - --store uk --channel shopify --currency GBP --to-kafka
says '1 refunds sent to refunds.raw'
is '  in the topic' $((BEFORE + 5)) "$(sent)"
exits 69 'no Kafka' import bigcommerce refunds - --store uk --channel shopify --currency GBP --to-kafka -o kafka.bootstrap.servers=127.0.0.1:1
exits 65 'a shop of no company' import bigcommerce refunds - --store uk --channel nowhere --currency GBP --to-kafka
says 'company_unmapped'

# What is in the topic: by their orders' keys, the events that are printed.
cli consume refunds.raw --from "$START" >"$TMP/consumed"
cli import shopify refunds "$TMP/orders.jsonl" --store uk >"$TMP/printed" 2>/dev/null
cli import shopify refunds "$TMP/alone.jsonl" --store uk >"$TMP/printed.alone" 2>/dev/null
cat >"$TMP/judge" <<'PY'
import json, sys
def load(name): return [json.loads(line) for line in open(f"{sys.argv[1]}/{name}")]
consumed, printed, alone = load("consumed"), load("printed"), load("printed.alone")
def has(value, wanted):  # what is printed stands in the record, where defaults stand, too
    if isinstance(wanted, dict): return all(has(value.get(k), w) for k, w in wanted.items())
    if isinstance(wanted, list): return len(value) == len(wanted) and all(map(has, value, wanted))
    return value == wanted
newest = {}
for record in consumed:
    event = record["value"]
    newest[event["refund_id"]] = record
    assert record["key"] == f"01/shopify/uk/{event['order_id']}", record["key"]
for event in printed:
    assert has(newest[event["refund_id"]]["value"], event), event["refund_id"]
assert len(printed) == 4 and len(alone) == 2, (len(printed), len(alone))
by_id = {e["refund_id"]: e for e in printed}
for event in alone:
    assert {k: v for k, v in by_id[event["refund_id"]].items() if k != "order_name"} == event, event["refund_id"]
PY
if python3 "$TMP/judge" "$TMP"; then ok 'the topic has what is printed, by either way'; else not_ok 'see above'; fi
exit "$FAILED"
