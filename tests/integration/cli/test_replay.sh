#!/usr/bin/env bash
# The manual's "Replay a topic for backfill", step by step, on a stack of its own with a worker: keys that Redis let go of, rebuilt; a replay that is stopped,
# resumed and posts nothing; a pipe that is closed early.
# usage: test_replay.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
COUNT=40
export PRIMAFLOW_TOPICS_PARTITIONS=2 # a broker makes them sooner
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

sent() { sql "SELECT count(*) FROM requests WHERE type IN ('NewOrder', 'MultiNewOrder', 'NewCustomer')"; }
redis() { redis-cli -u "$REDIS_URL" "$@"; }
run_worker() { worker "$1" slot.lease=2s prima.deadline.new_order=2s prima.deadline.order_status=2s prima.deadline.customer_search=2s prima.deadline.new_customer=2s \
    prima.deadline.product_read=2s prima.max_apply_delay=500ms idempotency.margin=500ms; }
outcomes() { # TOPIC: of the deliveries of it
    cli consume orders.results | python3 -c '
import json, sys
for v in sorted(v["outcome"] for v in (json.loads(line)["value"] for line in sys.stdin) if v["delivery"]["topic"] == sys.argv[1] and v["channel"] == "shopify"):
    print(v)' "$1"
}
stop_worker() {
    kill "$WORKER"
    ends "$WORKER"
}

own_stack
cli generate orders --seed 21 --count $COUNT --to-kafka
run_worker worker.log
await_terminal $COUNT
ENDED_BEFORE=$(terminal)
SENT=$(sent)

# 1: what it would be
exits 0 'plan' --json replay plan orders.raw --from 2000-01-01 --channel shopify
N=$(json records)
is '  reads all of the channel' "$(cli consume orders.raw | grep -c '"channel": *"shopify"')" "$N"
is '  writes nothing' 0 "$(count orders.raw.replay)"
NEW=$(json would_become.new) FORGOTTEN=$(json would_become.forgotten)
is '  nothing is forgotten' 0 "$FORGOTTEN"
cli replay plan orders.raw | head -c 1 >/dev/null || true
ok 'a pipe that is closed early'

# 2: Redis lets go of some keys
mapfile -t KEYS < <(redis --raw keys 'pf:k:*/orders/shopify/*' | sort | head -n 5)
redis del "${KEYS[@]}" >/dev/null
exits 0 'plan' --json replay plan orders.raw --from 2000-01-01 --channel shopify
if [ "$(json would_become.forgotten)" -gt 0 ]; then ok '  says what is forgotten'; else not_ok "  $(cat "$TMP/out")"; fi
exits 65 'rebuild-keys is refused while the worker works' replay rebuild-keys orders --reason backfill --yes
says 'are at work'
stop_worker
exits 0 'rebuild-keys' replay rebuild-keys orders --reason backfill --yes
run_worker worker.log
exits 0 'plan' --json replay plan orders.raw --from 2000-01-01 --channel shopify
is '  nothing is forgotten any more' 0 "$(json would_become.forgotten)"
is '  and no more is new than was' "$NEW" "$(json would_become.new)"

# 4, 5: run, stopped in the middle, resumed
exits 64 'run without a reason' replay run orders.raw --yes
exits 0 'run without --yes' replay run orders.raw --from 2000-01-01 --channel shopify
says 'Nothing was sent'
is '  writes nothing' 0 "$(count orders.raw.replay)"
PRIMAFLOW_FAIL=replay.committed:kill:2 "$PRIMAFLOW_BIN/primaflow" replay run orders.raw --from 2000-01-01 --channel shopify --rate 10 --reason backfill --yes >/dev/null 2>&1 || true
exits 0 'status' --json replay status
is '  it is open' open "$(json replays.0.state)"
ID=$(json replays.0.id)
is '  so many are sent' "$(count orders.raw.replay)" "$(json replays.0.sent)"
exits 0 'resume' replay resume "$ID" --yes --rate 1000
says ": $N records sent"
is '  each record went once' "$N" "$(count orders.raw.replay)"

# 6: nothing waits any more
for ((i = 0; i < 120; i++)); do
    cli --json replay status >"$TMP/out"
    if [[ $(cat "$TMP/out") == *'"orders.raw.replay":0'* ]]; then break; fi
    sleep 0.5
done
await_terminal $((ENDED_BEFORE + N))
is 'nothing was sent to Prima' "$SENT" "$(sent)"
is 'each replayed record has its one end' $((ENDED_BEFORE + N)) "$(terminal)"
is 'results of the replay: duplicates, and what they were before' "$(outcomes orders.raw | sed 's/^posted\(_on_hold\)\?$/duplicate/' | sort)" "$(outcomes orders.raw.replay)"
is 'the audit has the rebuild' 1 "$(cli consume ops.audit --raw | grep -c '"key":"replay rebuild-keys"')"
stop_worker
exit "$FAILED"
