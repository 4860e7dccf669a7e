#!/usr/bin/env bash
# primaflow why and doctor on a stack of their own, with a worker: what became of orders good and bad, and what they say when a part is away.
# usage: test_why.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
COUNT=60
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

own_stack
exits 0 'doctor, all well' doctor
exits 65 'an id that nobody sent' why 4711

cli generate orders --seed 3 --count $COUNT --duplicates 10 --faulty 40 --faults tax_mismatch,unknown_sku,amended,cancelled,truncated,test_order \
    --to-kafka --expect "$TMP/expect"
cli consume orders.raw >"$TMP/raw"
ID=$(python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())["order_id"])' "$TMP/expect")
exits 0 'before any worker' why "$ID"
says 'not settled yet'
says 'unknown to Redis'
says 'does not have it'

worker worker.log
for ((i = 0; i < 60; i++)); do
    if [ "$({ cli consume orders.results --raw && cli consume orders.raw.dlq --raw; } | wc -l)" -ge $COUNT ]; then break; fi
    sleep 1
done

# Every order, by its bare id: the last event's plan decides what must be said.
cat >"$TMP/judge" <<'PY'
import json, subprocess, sys
orders, people = {}, set()
for e in map(json.loads, open(sys.argv[2])):
    orders.setdefault(e["order_id"], []).append(e)
for line in open(sys.argv[3]):
    v = json.loads(line).get("value")
    for part in (v.get("customer"), v.get("shipping_address")) if isinstance(v, dict) and "customer" in v else ():
        people |= {x for x in ((part or {}).get(k) for k in ("email", "surname", "line1", "phone")) if x}
assert len(people) > 20
wrong = 0
for order_id, events in orders.items():
    out = subprocess.run([sys.argv[1], "why", order_id, "--json"], capture_output=True, text=True)
    told = json.loads(out.stdout) if out.returncode == 0 else None
    ends = [e["outcome"] for e in events]
    posted = any(o.startswith("posted") for o in ends)
    wanted = next((e["code"] for e in reversed(events) if e["outcome"] in ("posted_on_hold", "dead_letter")), None)
    complaints = [] if told else ["exit %d: %s" % (out.returncode, out.stderr[:200])]
    if told:
        if len([x for x in told["events"] if x["kind"] == "event"]) != len(events): complaints.append("events")
        if len([x for x in told["events"] if x["kind"] in ("result", "dead_letter")]) != len(events): complaints.append("ends")
        if told["prima"]["answer"] != ("has it" if posted else "does not have it"): complaints.append("Prima " + told["prima"]["answer"])
        if posted != (told["redis"]["state"] == "posted"): complaints.append("Redis " + told["redis"]["state"])
        if wanted and not any(n.startswith(wanted + " (") for n in told["next"]): complaints.append("next")
        if not wanted and told["next"] != ["No action needed."]: complaints.append("next")
        complaints += ["personal: " + p for p in people if p in out.stdout]
    if complaints:
        wrong += 1
        print(order_id, ends, complaints, out.stdout[:600], file=sys.stderr)
sys.exit(wrong > 0)
PY
if python3 "$TMP/judge" "$PRIMAFLOW_BIN/primaflow" "$TMP/expect" "$TMP/raw"; then ok 'every order is told as it went'; else not_ok 'see above'; fi

NUMBER=$(cli why "$ID" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["order_number"])')
exits 0 "by Prima's number" why "$NUMBER"
says "/$ID"
exits 0 'all partitions' why "$ID" --all-partitions
says 'posted'

"$TREE/ops/stack" kill redis --dir "$D"
exits 69 'Redis away: the rest is told' why "$ID"
says 'Redis not queried'
says 'orders.results'
exits 69 'doctor sees it' doctor
says 'cannot reach Redis'
"$TREE/ops/stack" start redis --dir "$D" >/dev/null
redis-cli -u "$REDIS_URL" config set maxmemory-policy allkeys-lru >/dev/null
exits 78 'a Redis that forgets' doctor
says 'noeviction'
"$TREE/ops/stack" kill prima --dir "$D"
exits 69 'Prima away' why "$ID"
says 'not_sent'
exit "$FAILED"
