#!/usr/bin/env bash
# The commands as people and scripts meet them: exit codes, words, JSON lines. Needs a Kafka with the topics (see with_kafka).
set -euo pipefail

TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
SEED=$((RANDOM % 90000 + 1000)) # orders of our own on a Kafka that others use too
START=$(date -u +%Y-%m-%dT%H:%M:%SZ)
FAILED=0

ok() { printf 'ok: %s\n' "$*"; }
not_ok() { printf 'NOT OK: %s\n' "$*"; FAILED=1; }

# exits CODE NAME COMMAND...: its stdout in $TMP/out, its stderr in $TMP/err.
exits() {
    local wanted=$1 name=$2 code=0
    shift 2
    "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || code=$?
    if [ "$code" -eq "$wanted" ]; then ok "$name"; else not_ok "$name: exit $code, wanted $wanted: $(head -c 500 "$TMP/err")"; fi
}
says() { if grep -qF -- "$1" "$TMP/out" "$TMP/err"; then ok "  says: $1"; else not_ok "  does not say: $1: $(head -c 500 "$TMP/err")"; fi; }
count_is() { if [ "$(wc -l <"$2")" -eq "$1" ]; then ok "  $1 lines"; else not_ok "  $(wc -l <"$2") lines, wanted $1"; fi; }
# shellcheck disable=SC2317 # called by exits
ours() { "$PRIMAFLOW" consume "$@" --from "$START" | grep -F "\"evt-$SEED-"; } # of this run

"$PRIMAFLOW" topics create >/dev/null
exits 0 'topics create twice' "$PRIMAFLOW" topics create
says ' 0 created, 0 errors'
exits 0 'topics check' "$PRIMAFLOW" topics check
exits 78 'keys that do not outlive the topics' "$PRIMAFLOW" topics check -o idempotency.ttl=20d
says 'raise idempotency.ttl'
exits 0 'another number of partitions is a note' "$PRIMAFLOW" topics check --partitions 12
says 'topics.partitions to 8'
exits 78 'a delay without its topic' "$PRIMAFLOW" topics check -o retry.delays=3s
says 'orders.raw.retry.3s'
says 'primaflow topics create'
exits 69 'no Kafka' "$PRIMAFLOW" topics check -o kafka.bootstrap.servers=127.0.0.1:1
exits 78 'a property that librdkafka does not have' "$PRIMAFLOW" topics check -o rdkafka.no.such=1
says 'rdkafka.no.such'
exits 64 'an unknown command' "$PRIMAFLOW" topics destroy
exits 64 'a topic without events' "$PRIMAFLOW" produce ops.audit
says 'orders.raw'

"$PRIMAFLOW" generate orders --count 30 --seed "$SEED" >"$TMP/orders"
{ cat "$TMP/orders"; echo '{"event_id": 7}'; } >"$TMP/bad"
exits 65 'one bad line of 31' "$PRIMAFLOW" produce orders.raw "$TMP/bad"
says "$TMP/bad:31: "
says 'nothing was sent'
exits 1 'nothing of it is there' ours orders.raw
exits 0 '30 right lines' "$PRIMAFLOW" produce orders.raw "$TMP/orders"
exits 0 'all of it is there' ours orders.raw
count_is 30 "$TMP/out"
cat >"$TMP/compare" <<'PY'
import json, sys
def whole(sent, got): # what was left out came back as its default
    if isinstance(sent, dict): return isinstance(got, dict) and all(k in got and whole(v, got[k]) for k, v in sent.items())
    if isinstance(sent, list): return isinstance(got, list) and len(sent) == len(got) and all(map(whole, sent, got))
    return sent == got
sent = {e["order_id"]: e for e in map(json.loads, open(sys.argv[2]))}
lines = [json.loads(l) for l in open(sys.argv[1])]
for l in lines:
    v = l["value"]
    assert whole(sent[v["order_id"]], v), v["order_id"]
    assert l["key"].split("/")[1:] == [v["channel"], v["store"], v["order_id"]], l["key"]
assert len({l["key"] for l in lines}) == 30
PY
cp "$TMP/out" "$TMP/ours"
exits 0 'values come back as they were sent' python3 "$TMP/compare" "$TMP/ours" "$TMP/orders"

KEY=$(python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())["key"])' "$TMP/ours")
exits 0 'by key' ours orders.raw --key "$KEY"
count_is 1 "$TMP/out"
exits 0 'at most two' "$PRIMAFLOW" consume orders.raw --count 2
count_is 2 "$TMP/out"

BROKEN=$((SEED + 1))
BROKEN_START=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
exits 0 'hostile records' "$PRIMAFLOW" generate orders --seed $BROKEN --count 10 --faulty 100 --faults truncated,trailing,garbage,unknown_schema,tombstone \
    --to-kafka --expect "$TMP/expect"
count_is 10 "$TMP/expect"
exits 0 'undecodable values come with the reason' "$PRIMAFLOW" consume orders.raw --from "$BROKEN_START"
for code in avro_truncated avro_trailing framing_unknown schema_unknown; do says "\"code\":\"$code\""; done
says '"base64":'
says '"value":null'

# The mappings, tried on events of our own: of a file, and of the topic's last records.
"$PRIMAFLOW" generate orders --seed $((SEED + 2)) --count 20 >"$TMP/mapped"
sed 's/"location_id":"[0-9]*"/"location_id":"new-place"/g' "$TMP/mapped" >"$TMP/unmapped"
exits 0 'mappings that know all' "$PRIMAFLOW" mappings check --file "$TMP/mapped"
says 'Everything in them is mapped.'
exits 78 'a location that they do not know' "$PRIMAFLOW" mappings check --file "$TMP/unmapped"
says 'have no depot (depots.yaml, depot_unmapped):'
echo '{"order_id": 7}' >"$TMP/no-event"
exits 65 'a line that is no event' "$PRIMAFLOW" mappings check --file "$TMP/no-event"
says 'no-event:1: '
exits 64 'a file and a topic' "$PRIMAFLOW" mappings check --file "$TMP/mapped" --last 5
exits 64 'two places to begin' "$PRIMAFLOW" mappings check --since 2026-01-01 --last 5
exits 78 'mappings that are not there' "$PRIMAFLOW" mappings check -o orders.mappings=/nonexistent
says '/nonexistent/channels.yaml'
MAPPED_START=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
"$PRIMAFLOW" produce orders.raw "$TMP/unmapped" 2>/dev/null
exits 78 'since a time' "$PRIMAFLOW" mappings check --since "$MAPPED_START" --json
cp "$TMP/out" "$TMP/found"
cat >"$TMP/places" <<'PY'
import json, sys
found = json.load(open(sys.argv[1]))
sent = [json.loads(line) for line in open(sys.argv[2])]
places = [u for u in found["unmapped"] if u["value"] == "new-place"]
with_place = {e["order_id"] for e in sent if "new-place" in json.dumps(e)}
assert found["events"] >= len(sent) and found["unreadable"] == 0, found
assert sum(u["orders"] for u in places) == len(with_place), (places, len(with_place))
assert all(u["kind"] == "location" and u["file"] == "depots.yaml" and u["example"] in with_place for u in places), places
PY
exits 0 'what it found, for machines' python3 "$TMP/places" "$TMP/found" "$TMP/unmapped"
exits 78 'the last records of each partition' "$PRIMAFLOW" mappings check --last 20
says 'new-place ('
"$PRIMAFLOW" mappings check --last 1 --json >"$TMP/found" || true
exits 0 'and no more of them' python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["events"] <= 8' "$TMP/found" # partitions
exits 0 'none of that time: said, not taken for right' "$PRIMAFLOW" mappings check --since 2999-01-01
says 'no events were read'
exits 65 'no such topic' "$PRIMAFLOW" mappings check --topic no.such.topic

exits 0 'a watch that is stopped' timeout --preserve-status -s TERM 2 "$PRIMAFLOW" consume ops.audit --until never
exits 65 'a topic that is not there' "$PRIMAFLOW" consume no.such.topic
exits 64 'a range that is none' "$PRIMAFLOW" consume orders.raw --from yesterday
exit "$FAILED"
