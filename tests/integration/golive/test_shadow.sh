#!/usr/bin/env bash
# A shadow on a topic of orders good and bad: killed twice, it still ends every input once and writes nothing to Prima; a live worker beside it
# posts them all; the report finds them equal to the penny, and finds what was changed in Prima afterwards.
# usage: test_shadow.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
COUNT=80
SHORT=(prima.deadline.new_order=1s prima.max_apply_delay=1s idempotency.margin=500ms) # a lost Redis is waited out in seconds
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

own_stack

exits 65 'a report without the topics of a shadow' report shadow
says 'topics create --shadow'
exits 0 'the topics of shadow mode' topics create --shadow
exits 0 'nothing yet' report shadow
says '0 records'

cli generate orders --seed 12 --count 4 --to-kafka --expect "$TMP/expect.few"

ended() { # TOPIC-PREFIX: results and dead letters
    echo $(($(count "$1orders.results") + $(count "$1orders.raw.dlq")))
}
all_end() { # TOPIC-PREFIX
    for ((i = 0; i < 120; i++)); do
        if [ "$(ended "$1")" -ge $COUNT ]; then return; fi
        sleep 1
    done
    not_ok "$1orders.*: $(ended "$1") of $COUNT ended: $(tail -n 3 "$TMP"/*.log)"
}
writes() { sql "SELECT count(*) FROM requests WHERE type NOT IN ('OrderStatus', 'CustomerSearch', 'MultiAvailableToSell', 'OrderSearch')"; }

# ---- defects above the client: the process ends, and nothing has left. In worlds of their own, for what they leave there is wrong ----
for defect in order customer; do
    PRIMAFLOW_FAIL=shadow.forgets_$defect:error:1 worker defect.log worker.shadow=true worker.group="forgets-$defect" commit.interval=3s
    ends "$WORKER"
    is "a shadow that forgets what it is ($defect) ends" 70 "$ENDED"
    is '  requests that write' 0 "$(writes)"
done
is '  and says why, each time' 2 "$(grep -c 'blocked: a defect' "$TMP/defect.log")"

cli generate orders --seed 11 --count $((COUNT - 4)) --duplicates 10 --faulty 30 --to-kafka --expect "$TMP/expect.more"
cat "$TMP/expect.few" "$TMP/expect.more" >"$TMP/expect"

# ---- killed between what Prima said and the key, and between the key and the transaction ----
for edge in shadow.compared:kill:7 finish.after:kill:9; do
    PRIMAFLOW_FAIL=$edge worker shadow.log worker.shadow=true
    ends "$WORKER"
    is "killed at $edge" 137 "$ENDED"
done

# ---- Prima away: it waits, and nothing is a dead letter for that ----
"$TREE/ops/stack" kill prima --dir "$D"
worker shadow.log worker.shadow=true "${SHORT[@]}"
SHADOW=$WORKER
for ((i = 0; i < 300; i++)); do if grep -q 'reason=prima_unavailable' "$TMP/shadow.log"; then break; fi; sleep 0.1; done
"$TREE/ops/stack" start prima --dir "$D" >/dev/null
if grep -q 'message="paused.*reason=prima_unavailable' "$TMP/shadow.log"; then ok 'paused while Prima is away'; else not_ok "$(tail -n 3 "$TMP/shadow.log")"; fi
all_end shadow.

is 'requests that write' 0 "$(writes)"
is 'orders in Prima' 0 "$(sql 'SELECT count(*) FROM orders')"
is 'live results, dead letters, ledger entries' '0 0 0' "$(count orders.results) $(count orders.raw.dlq) $(count orders.ledger)"
is 'keys of live workers in Redis' 0 "$(redis-cli -u "$REDIS_URL" --scan --pattern 'pf:k:*' | wc -l)"

cat >"$TMP/judge" <<'PY'
import collections, json, sys
rows = [json.loads(line) for path in sys.argv[2:4] for line in open(path)]
wrong = []
ends, places = collections.Counter(), collections.Counter()
for row in rows:
    value = row["value"]
    if row["topic"].endswith(".dlq"):
        h = row["headers"]
        places[h["primaflow.delivery"]] += 1
        ends["dead_letter", h["primaflow.code"]] += 1
        continue
    d = value["delivery"]
    places["%s/%d/%d" % (d["topic"], d["partition"], d["offset"])] += 1
    ends[value["outcome"], value["code"] if value["code"] != "ok" else ""] += 1
    if value["document"] is not None or value["posted_at"] is not None: wrong.append("says it was posted: %s" % value["key"])
    if value["outcome"].startswith("posted"):
        s, p = value["shadow"], value["proof"]
        if s is None or s["in_prima"] or len(s["request_digest"]) != 64: wrong.append("shadow: %s" % s)
        gross = p["lines_minor"] - p["discounts_minor"] + p["charges_minor"] + (0 if p["tax_included"] else p["tax_minor"])
        if s and s["gross_minor"] != gross: wrong.append("gross %s, by the proof %d: %s" % (s["gross_minor"], gross, value["key"]))
        if s and s["hold"] != (value["outcome"] == "posted_on_hold"): wrong.append("hold %s" % value["key"])
wanted = collections.Counter()
for e in map(json.loads, open(sys.argv[1])): wanted[e["outcome"], e["code"]] += 1
if ends != wanted: wrong.append("ends %s, wanted %s" % (ends - wanted, wanted - ends))
wrong += ["%d ends of %s" % (n, place) for place, n in places.items() if n != 1]
print(*wrong, sep="\n", file=sys.stderr)
sys.exit(len(wrong) > 0)
PY
cli consume shadow.orders.results >"$TMP/results"
cli consume shadow.orders.raw.dlq --raw >"$TMP/dead"
if python3 "$TMP/judge" "$TMP/expect" "$TMP/results" "$TMP/dead"; then ok 'every input ended once, as it should'; else not_ok 'see above'; fi

POSTS=$(grep -cE '"outcome":"posted' "$TMP/expect")
exits 0 'compared before anything is there' report shadow --json
is '  would post' "$POSTS" "$(json comparison.lacking)"
is '  equal' 0 "$(json comparison.equal)"

# ---- a live worker on the same topic, beside the shadow ----
worker live.log
LIVE=$WORKER
all_end ''
is 'documents in Prima' "$POSTS" "$(sql 'SELECT count(*) FROM orders')"
is 'what the shadow published is unchanged' $COUNT "$(ended shadow.)"
is 'the same bytes as the shadow had, but for accounts that were not there yet' "$POSTS of $POSTS" "$(python3 - "$D/prima.sqlite" "$TMP/results" <<'PY'
import hashlib, json, re, sqlite3, sys, xml.etree.ElementTree as tree
posted = {}
for number, body in sqlite3.connect(sys.argv[1]).execute("SELECT natural_key, request FROM requests WHERE type = 'MultiNewOrder' AND applied"):
    posted[number] = next(e.text for e in tree.fromstring(body).iter() if e.text and "<Request" in e.text)
same = 0
for value in (json.loads(line)["value"] for line in open(sys.argv[2])):
    if not value["outcome"].startswith("posted"): continue
    text = posted[value["order_number"]]
    if value["shadow"]["creates_customer"]: text = re.sub(' Customer="[^"]+"', ' Customer=""', text)
    if hashlib.sha256(text.encode("latin-1")).hexdigest() == value["shadow"]["request_digest"]: same += 1
    else: print(value["order_number"], value["code"], value["shadow"], value["account"], re.search('Customer="[^"]*"', text), file=sys.stderr)
print(same, "of", len(posted))
PY
)"
exits 0 'compared with what was posted, in pages of seven' report shadow --json --page-size 7
is '  equal to the penny' "$POSTS" "$(json comparison.equal)"
is '  different, lacking, never seen, twice, hold' '0 0 0 0 0' \
    "$(json comparison.different) $(json comparison.lacking) $(json comparison.never_seen) $(json comparison.met_more_than_once) $(json comparison.hold_differs)"
is '  records' $COUNT "$(json records)"

# ---- both stop, and what a person, or another integration, changed is found ----
kill -TERM "$SHADOW" "$LIVE"
ends "$SHADOW" "$LIVE"
is 'both drain and end' '0 0' "$ENDED"
FIRST=$(sql 'SELECT order_number FROM orders WHERE vat_inclusive ORDER BY id LIMIT 1')
SECOND=$(sql "SELECT order_number FROM orders WHERE order_number <> '$FIRST' AND NOT hold ORDER BY id LIMIT 1")
THIRD=$(sql "SELECT order_number FROM orders WHERE order_number NOT IN ('$FIRST', '$SECOND') ORDER BY id LIMIT 1")
sql "UPDATE orders SET lines_total = lines_total + 1, difference = difference + 1 WHERE order_number = '$FIRST'"
sql "UPDATE orders SET hold = 1 WHERE order_number = '$SECOND'"
sql "UPDATE orders SET order_number = order_number || '9' WHERE order_number = '$THIRD'"
exits 0 'a penny, a hold and a number were changed' report shadow --json
is '  different' 1 "$(json comparison.different)"
is '    which, where, whose' "$FIRST ['net', 'gross'] finance" \
    "$(json comparison.different_orders.0.order_number) $(json comparison.different_orders.0.differs) $(json comparison.different_orders.0.owner)"
is '    by a penny' 1 $(($(json comparison.different_orders.0.prima.gross_minor) - $(json comparison.different_orders.0.ours.gross_minor)))
is '  hold differs' 1 "$(json comparison.hold_differs)"
is '  lacking' "$THIRD" "$(json comparison.lacking_orders.0.order_number)"
is '  never seen' "${THIRD}9" "$(json comparison.never_seen_orders.0.order_number)"
exits 0 'for people' report shadow
says "$FIRST"
says 'owner finance'
if grep -qE 'example\.(com|org)|@' "$TMP/out"; then not_ok 'something personal is shown'; else ok 'nothing personal is shown'; fi
exits 69 'a Prima without OrderSearch' report shadow -o prima.name.order_search=Nonesuch
says 'Not compared: Prima does not answer OrderSearch'
exits 69 'a Prima that does not know pages' report shadow --page-size 5 -o prima.name.search_page=Seite
says 'the same page again and again'
exits 0 'on purpose' report shadow --no-prima
says 'Not compared: --no-prima'

WRITES=$(writes)
# ---- Redis loses all: the shadow's keys come back from the shadow's own topics ----
AGAIN=$(grep -m 1 '"outcome":"posted"' "$TMP/expect" | python3 -c 'import json, sys; print(json.load(sys.stdin)["order_id"])')
redis-cli -u "$REDIS_URL" flushall >/dev/null
worker shadow.log worker.shadow=true worker.settle_deadline=1s "${SHORT[@]}"
cli consume orders.raw --raw | grep -F "/$AGAIN\"" | head -n 1 >"$TMP/again"
cli produce orders.raw --raw "$TMP/again"
for ((i = 0; i < 120; i++)); do if [ "$(ended shadow.)" -gt $COUNT ]; then break; fi; sleep 1; done
cli consume shadow.orders.results | grep -F "/$AGAIN\"" >"$TMP/of_it"
is 'an order that comes again after Redis was lost: posts, last end' '1 duplicate' "$(python3 -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
ends = [r["value"]["outcome"] for r in sorted(rows, key=lambda r: r["offset"])]
print(sum(e.startswith("posted") for e in ends), ends[-1])' "$TMP/of_it")"
if grep -q 'keys rebuilt' "$TMP/shadow.log"; then ok '  its keys were rebuilt'; else not_ok "  not rebuilt: $(tail -n 3 "$TMP/shadow.log")"; fi

# ---- an order that Prima does not tell of for a while waits in the shadow's own retry topic ----
python3 - "$PRIMA_ADMIN_URL" <<'PY'
import sys, urllib.request
rule = b'{"match": {"type": "OrderStatus", "count": 6}, "do": {"kind": "error", "text": "record locked by another process, see the log"}}'
urllib.request.urlopen(sys.argv[1] + "/faults", rule, 10)
PY
cli generate orders --seed 99 --count 1 --to-kafka
for ((i = 0; i < 120; i++)); do if [ "$(ended shadow.)" -gt $((COUNT + 1)) ]; then break; fi; sleep 1; done
is 'an order that Prima does not tell of at first ends' $((COUNT + 2)) "$(ended shadow.)"
is '  it waited in the shadow, not among live records' '1 0' "$(count shadow.orders.raw.retry.10s) $(count orders.raw.retry.10s)"
is '  requests that write, live ones' "$WRITES" "$(writes)"
kill -TERM "$WORKER"
ends "$WORKER"
is '  and it drains' 0 "$ENDED"
exit "$FAILED"
