#!/usr/bin/env bash
# Prima's stock as snapshots: two pollers of the same companies on a stack of their own, one of them killed; a reply cut short. What is in the topic is
# judged by its own rows: each end marker counts those before it, no two snapshots of a company interleave, and what was read is what Prima has.
# usage: test_poller.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

poller() { # SLOT: its pid in POLLER
    "$PRIMAFLOW_BIN/primaflow-poller" --slot "$1" -o stock.poll_every=1s -o stock.poll_jitter=0ms -o poller.lease=6s -o poller.ranges=..SKU00019 \
        -o poller.spool="$TMP" >>"$TMP/poller-$1.log" 2>&1 </dev/null &
    POLLER=$!
    WORKERS+=("$POLLER")
}
fault() { python3 -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/faults", data=sys.argv[3].encode() or None, method=sys.argv[2])).read()' "$PRIMA_ADMIN_URL" "$1" "${2:-}"; }
complete() { cli consume stock.snapshots | python3 -c '
import json, sys
ends = [(v["company"], v["snapshot"]) for v in (json.loads(line)["value"] for line in sys.stdin) if v["kind"] == "end"]
print(len(set(ends)))'; }
await_complete() { # COUNT
    for ((i = 0; i < 200; i++)); do
        if [ "$(complete)" -ge "$1" ]; then return 0; fi
        sleep 0.3
    done
    not_ok "only $(complete) of $1 snapshots are complete: $(tail -n 5 "$TMP"/*.log)"
}
refusals() { grep -c 'reply_shrunk\|reply_cut' "$TMP/poller-b.log" || true; }
await_refusals() { # COUNT
    for ((i = 0; i < 200; i++)); do
        if [ "$(refusals)" -ge "$1" ]; then return 0; fi
        sleep 0.3
    done
    not_ok "$(refusals) of $1 refusals are logged: $(tail -n 5 "$TMP/poller-b.log")"
}

cd "$TREE"
code=0
"$PRIMAFLOW_BIN/primaflow-poller" --check -o poller.spool=/nonexistent >"$TMP/out" 2>&1 || code=$?
is 'a folder that is not there is found by --check' 78 "$code"
REDIS_URL=redis://127.0.0.1:1/0 "$PRIMAFLOW_BIN/primaflow-poller" --slot c >"$TMP/out" 2>&1 &
sleep 1
kill -TERM $!
if timeout 5 tail --pid=$! -f /dev/null; then ok 'without Redis it ends at once'; else not_ok 'without Redis it does not end'; fi

own_stack
poller a && A=$POLLER
await_complete 2
poller b
await_complete 4
if grep -q published "$TMP/poller-b.log"; then not_ok 'a second poller published beside the first'; else ok 'a second poller waits'; fi

before=$(complete)
kill -KILL "$A"
await_complete $((before + 2))
ok 'a killed poller is replaced'

fault POST '{"match": {"type": "ProductAvailableToSell"}, "do": {"kind": "rows", "keep_rows": 2}}'
# what began before is through once the second refusal of each of the two companies is known
await_refusals 4
seen=$(complete)
await_refusals 8
is 'of a reply that was cut short nothing is published, and the log says why' "$seen" "$(complete)"
fault DELETE
await_complete $((seen + 2))
ok 'and it goes on'

cli consume stock.snapshots >"$TMP/snapshots"
sqlite3 -json "$D/prima.sqlite" "SELECT product, mtrx_code1 || ':' || mtrx_code2 || ':' || mtrx_code3 || ':' || mtrx_code4 AS codes, depot, on_hand FROM stock JOIN products ON id = product_id" >"$TMP/stock"
python3 - "$TMP/snapshots" "$TMP/stock" <<'PY' || FAILED=1
import json, sys
from collections import defaultdict

prima = {(r["product"], r["codes"].rstrip(":"), r["depot"]): r["on_hand"] for r in json.load(open(sys.argv[2]))}
wrong, order, rows, ends = [], defaultdict(list), defaultdict(list), {}
for line in open(sys.argv[1]):
    record = json.loads(line)
    value, partition = record["value"], record["partition"]
    snapshot = (value["company"], value["snapshot"])
    if (value["company"], value["snapshot"]) in order[partition, value["company"]][:-1]:
        wrong.append(f"partition {partition}: {snapshot} interleaves with another one")
    if order[partition, value["company"]][-1:] != [snapshot]:
        order[partition, value["company"]].append(snapshot)
    if value["kind"] == "end":
        ends[snapshot, partition] = value
        if value["count"] != len(rows[snapshot, partition]):
            wrong.append(f"partition {partition}: {snapshot} ends with {value['count']} rows, {len(rows[snapshot, partition])} are there")
    else:
        if (snapshot, partition) in ends:
            wrong.append(f"partition {partition}: a row of {snapshot} behind its end")
        rows[snapshot, partition].append(value)
tokens = defaultdict(list)
for (company, snapshot), partition in ends:
    if partition == 0:
        tokens[company].append(ends[(company, snapshot), partition]["token"])
for company, seen in tokens.items():
    if seen != sorted(seen) or len(set(seen)) < 2:
        wrong.append(f"company {company}: tokens {seen}")
for snapshot in {s for s, _ in ends}:
    partitions = {p for s, p in ends if s == snapshot}
    if len(partitions) != 8:
        wrong.append(f"{snapshot} ends in partitions {sorted(partitions)} alone")
    for (s, _), values in list(rows.items()):
        for v in values if s == snapshot else ():
            key = (v["product"], ":".join(v["matrix"]).rstrip(":"), v["depot"])
            if prima.get(key) != v["available"]:
                wrong.append(f"{snapshot}: {key} is {v['available']}, Prima has {prima.get(key)}")
    if not any(values for (s, _), values in rows.items() if s == snapshot):
        wrong.append(f"{snapshot} has no rows")
for sentence in wrong[:10]:
    print("NOT OK:", sentence)
print(f"ok: {len({s for s, _ in ends})} snapshots, {sum(map(len, rows.values()))} rows" if not wrong else f"{len(wrong)} in all")
sys.exit(bool(wrong))
PY
exit "$FAILED"
