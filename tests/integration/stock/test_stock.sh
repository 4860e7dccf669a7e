#!/usr/bin/env bash
# Levels of stock: a poller reads Prima, the stock worker makes levels of it; the worker is killed while reads come, and again while it starts. What
# stands in stock.levels at the end is what Prima has; each key's versions rise by one, and none is there twice.
# usage: test_stock.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

poller() {
    "$PRIMAFLOW_BIN/primaflow-poller" --slot p -o stock.poll_every=1s -o stock.poll_jitter=0ms -o poller.lease=6s -o poller.ranges=..SKU00019 -o poller.spool="$TMP" \
        >>"$TMP/poller.log" 2>&1 </dev/null &
    WORKERS+=("$!")
}
stock() { # its pid in STOCK
    "$PRIMAFLOW_BIN/primaflow-stock" --slot 0 --http 127.0.0.1:0 >>"$TMP/stock.log" 2>&1 </dev/null &
    STOCK=$!
    WORKERS+=("$STOCK")
}
# The levels at the London shop, which are of depot S1 alone: SKU and level, with what is kept back; as they are, and as Prima has it.
levels() { cli consume stock.levels | python3 -c '
import json, sys
last = {}
for line in sys.stdin:
    record = json.loads(line)
    last[record["key"]] = record["value"]
rows = [(v["stock_key"], v["level"] + v["buffer"]) for v in last.values() if v and v["stock_key"] and v["channel"] == "shopify" and v["store"] == "uk" and v["location"] == "2001" and v["stock_key"].startswith("SKU")]
print("\n".join(f"{sku} {level}" for sku, level in sorted(set(rows))))'; }
prima() { sqlite3 -cmd '.timeout 5000' "$D/prima.sqlite" "SELECT product || rtrim(':' || mtrx_code1 || ':' || mtrx_code2 || ':' || mtrx_code3 || ':' || mtrx_code4, ':') || ' ' || max(0, on_hand)
    FROM stock JOIN products ON id = product_id WHERE depot = 'S1' AND product LIKE 'SKU%' AND product <= 'SKU00019'" | LC_ALL=C sort; }
await_levels() { # NAME
    for ((i = 0; i < 200; i++)); do
        if [ -n "$(prima)" ] && [ "$(levels | LC_ALL=C sort)" = "$(prima)" ]; then
            ok "$1"
            return 0
        fi
        sleep 0.3
    done
    not_ok "$1: levels $(levels | head -n 3 | tr '\n' ';') Prima has $(prima | head -n 3 | tr '\n' ';') $(tail -n 5 "$TMP/stock.log")"
}
results() { count stock.results; }
await_results() { # MORE NAME
    local wanted=$(($(results) + $1))
    for ((i = 0; i < 200; i++)); do
        if [ "$(results)" -ge "$wanted" ]; then
            ok "$2"
            return 0
        fi
        sleep 0.3
    done
    not_ok "$2: $(results) of $wanted results: $(tail -n 5 "$TMP/stock.log")"
}

# Of SKU00007 at another shop of London's: its level, and the running total of the shop's own orders.
taken() { cli consume stock.levels | python3 -c '
import json, sys
last = {}
for line in sys.stdin:
    record = json.loads(line)
    last[record["key"]] = record["value"]
v = last["shopify/uk/1001/SKU00007"]
print(v["level"], v["taken"], v["level"] == max(0, v["available"] - v["in_flight"] - v["buffer"]))'; }
await_taken() { # NAME WANTED
    for ((i = 0; i < 200; i++)); do
        if [ "$(taken)" = "$2" ]; then
            ok "$1: $2"
            return 0
        fi
        sleep 0.3
    done
    not_ok "$1: $(taken), wanted $2 $(tail -n 5 "$TMP"/*.log)"
}
order() { # an order of SKU00007 there
    cli generate orders --count 1 --seed 1 | python3 -c '
import json, sys
event = json.loads(sys.stdin.readline())
assert (event["channel"], event["store"]) == ("shopify", "uk"), (event["channel"], event["store"])
line = event["lines"][0]
line.update(sku="SKU00007", location_id="1001", gift_card=False, requires_shipping=True)
event["lines"] = [line]
print(line["quantity"], file=sys.stderr)
print(json.dumps(event))' 2>"$TMP/units"
}

own_stack
stock
poller
await_levels 'levels are those of Prima'
kill -KILL "$STOCK"
stock
sleep 0.5 # while it starts or restores
kill -KILL "$STOCK"
stock
await_results 8 'killed, and killed again while it starts: reads are applied'
await_levels 'and levels are those of Prima'

# An order lowers the level at once, whether or not anybody posts it; a kill changes nothing; once it is posted and read it is in Prima's own figure.
order >"$TMP/order.jsonl"
U=$(cat "$TMP/units")
L=$(taken)
L=${L%% *}
await_taken 'before it is ordered' "$L 0 True"
cli produce orders.raw "$TMP/order.jsonl" 2>/dev/null
await_taken 'an order is in flight' "$((L - U)) $U True"
kill -KILL "$STOCK"
stock
cli produce orders.raw "$TMP/order.jsonl" 2>/dev/null # once more
await_results 32 'killed, and ordered twice: reads go on'
await_taken 'in flight once' "$((L - U)) $U True"
worker orders.log
await_terminal 2
await_results 48 'posted, and read again by the poller'
await_taken "in Prima's own figure, and not in flight as well" "$((L - U)) $U True"
kill -TERM "$STOCK"
ends "$STOCK"
is 'it drains' 0 "$ENDED"

cli consume stock.levels >"$TMP/levels"
cli consume stock.results >"$TMP/results"
python3 - "$TMP/levels" "$TMP/results" <<'PY' || FAILED=1
import json, sys
from collections import defaultdict

wrong, versions, ends = [], defaultdict(list), defaultdict(int)
for line in open(sys.argv[1]):
    record = json.loads(line)
    if record["value"] is None:
        versions[record["key"]].append(None)
        continue
    last = versions[record["key"]][-1] if versions[record["key"]] else None
    if record["value"]["version"] != (last or 0) + 1:
        wrong.append(f"{record['key']}: version {record['value']['version']} behind {last}")
    versions[record["key"]].append(record["value"]["version"])
for line in open(sys.argv[2]):
    record = json.loads(line)
    value = record["value"]
    ends[value["company"], value["snapshot"], value["partition"]] += 1
    if value["outcome"] == "incomplete" and value["why"] != "superseded":
        wrong.append(f"{value['snapshot']}: {value['why']}")
wrong += [f"{end}: {count} results" for end, count in ends.items() if count != 1]
for sentence in wrong[:10]:
    print("NOT OK:", sentence)
print(f"ok: {len(versions)} levels, {sum(map(len, versions.values()))} records, {len(ends)} results" if not wrong else f"{len(wrong)} in all")
sys.exit(bool(wrong))
PY
exit "$FAILED"
