#!/usr/bin/env bash
# primaflow ledger import and show on a real Kafka: nothing before all is right, all or nothing whatever kills it, and twice is once.
# usage: test_ledger.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
COUNT=200
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

own_stack

# Orders as an export has them, one a line; `table` holds the last one as a table.
python3 - "$COUNT" "$TMP" <<'PY'
import csv, json, sys
count, folder = int(sys.argv[1]), sys.argv[2]
with open(folder + "/orders", "w") as out:
    for i in range(count):
        print(json.dumps({"channel": "shopify", "store": "uk", "order_id": "9%05d" % i, "currency": "GBP", "order_date": "2026-10-%02d" % (i % 28 + 1),
            "tax_included": True, "total": "15.00", "tax": "2.50", "lines": [{"line_id": "1", "product": "SKU00001", "quantity": 1, "amount": "12.00",
            "taxes": [{"rate": "20", "tax": "2.00"}]}], "charges": [{"code": "CARR", "amount": "3.00", "taxes": [{"rate": "20", "tax": "0.50"}]}],
            "tenders": [{"kind": "card", "amount": "15.00"}]}), file=out)
with open(folder + "/table", "w", newline="") as out:
    t = csv.DictWriter(out, ["part", "channel", "store", "order_id", "currency", "order_date", "tax_included", "total", "tax", "line_id", "product",
        "quantity", "amount", "rate", "code", "kind"], restval="")
    t.writeheader()
    who = {"channel": "shopify", "store": "uk", "order_id": "9%05d" % (count - 1)}
    t.writerow({**who, "part": "order", "currency": "GBP", "order_date": "2026-10-%02d" % ((count - 1) % 28 + 1), "tax_included": "yes", "total": "15.00", "tax": "2.50"})
    t.writerow({**who, "part": "line", "line_id": "1", "product": "SKU00001", "quantity": "1", "amount": "12.00", "rate": "20", "tax": "2.00"})
    t.writerow({**who, "part": "charge", "code": "CARR", "amount": "3.00", "rate": "20", "tax": "0.50"})
    t.writerow({**who, "part": "tender", "kind": "card", "amount": "15.00"})
PY
{ head -n 2 "$TMP/orders"; sed -n 's/"amount": "12.00"/"amount": "12.01"/; 3p' "$TMP/orders"; sed -n 1p "$TMP/orders"; echo '{'; } >"$TMP/wrong"

# ---- nothing is sent ----
exits 65 'a file with mistakes' ledger import "$TMP/wrong" --yes --reason test
says "$TMP/wrong:3: total: lines and charges come to: 15.01, but 15.00 is stated"
says "$TMP/wrong:4: order_id: the order of line 1 again"
says "$TMP/wrong:5: not JSON"
says 'nothing was sent'
exits 64 'without a reason' ledger import "$TMP/orders" --yes
exits 65 'a file that is not there' ledger import "$TMP/nowhere"
exits 0 'a dry run' ledger import "$TMP/orders"
says "$COUNT orders: $COUNT new"
says '3000.00 GBP'
says 'nothing was written'
is 'entries and audit records' '0 0' "$(count orders.ledger) $(count ops.audit)"

# ---- killed within the transaction ----
for edge in ledger.import.added:kill:50 ledger.import.before_commit:kill; do
    code=0
    PRIMAFLOW_FAIL=$edge cli ledger import "$TMP/orders" --yes --reason 'cut-over' >/dev/null 2>&1 || code=$?
    is "killed at $edge" 137 "$code"
    is '  entries and audit records' '0 0' "$(count orders.ledger) $(count ops.audit)"
done

# ---- two at once: who comes second takes over, and the first one's commit is refused ----
PRIMAFLOW_FAIL=ledger.import.before_commit:stop "$PRIMAFLOW_BIN/primaflow" ledger import "$TMP/orders" --yes --reason 'cut-over' >"$TMP/first" 2>&1 &
FIRST=$!
WORKERS+=("$FIRST")
stopped() { grep -q '^State:.*T' "/proc/$FIRST/status" 2>/dev/null; }
for ((i = 0; i < 300; i++)); do if stopped; then break; fi; sleep 0.1; done
exits 0 'the import, while another one sleeps' ledger import "$TMP/orders" --yes --reason 'cut-over of 2026-11-01' --json
is '  new, same, written' "$COUNT 0 true" "$(json new) $(json same) $(json written)"
is '  remains creditable' 300000 "$(json remaining_minor.GBP)"
kill -CONT "$FIRST"
ends "$FIRST"
is 'the sleeper is refused' 69 "$ENDED"
is 'entries, each once' "$COUNT $COUNT" "$(count orders.ledger) $(cli consume orders.ledger --raw | python3 -c 'import json, sys
print(len({json.loads(line)["key"] for line in sys.stdin}))')"
cli consume ops.audit >"$TMP/out"
is 'audit: records, action, written, reason' '1 ledger.import 200 cut-over of 2026-11-01' "$(wc -l <"$TMP/out") $(json value.action) $(json value.written) $(json value.reason)"
is 'audit: the file' "$(sha256sum <"$TMP/orders" | cut -d' ' -f1)" "$(json value.digest)"

# ---- again ----
exits 0 'the same file again' ledger import "$TMP/orders" --yes --reason again --json
is '  new, same, written' "0 $COUNT false" "$(json new) $(json same) $(json written)"
exits 0 'one of its orders as a table' ledger import "$TMP/table" --csv --yes --reason again --json
is '  new, same' '0 1' "$(json new) $(json same)"
sed -n '7s/SKU00001/SKU00002/p' "$TMP/orders" >"$TMP/other"
exits 65 'an order with other content' ledger import "$TMP/other" --yes --reason again
says "$TMP/other:1: the ledger has another entry of 01/shopify/uk/900006"
is 'entries and audit records' "$COUNT 1" "$(count orders.ledger) $(count ops.audit)"

{ sed -n 7p "$TMP/orders" && sed -n '7s/"900006"/"900999"/p' "$TMP/orders"; } >"$TMP/mixed"
exits 0 'an order that is there and one that is not' ledger import "$TMP/mixed" --yes --reason late --json
is '  new, same, written' '1 1 true' "$(json new) $(json same) $(json written)"
is 'only the new one is written' "$((COUNT + 1)) 2" "$(count orders.ledger) $(count ops.audit)"

# ---- seen ----
exits 0 'shown by its id' ledger show 900006
says 'imported'
says '1 x SKU00001: 12.00, credited 0 for 0.00'
says 'remains creditable: 15.00 GBP'
exits 0 "by Prima's number" ledger show 201900006 --json
is '  its key' 01/orders/shopify/uk/900006 "$(json key)"
exits 65 'one that is not there' ledger show 4711

# ---- what a worker posted is not to be overwritten ----
cli generate orders --seed 5 --count 1 >"$TMP/one"
cli produce orders.raw "$TMP/one"
worker live.log
for ((i = 0; i < 60; i++)); do if [ "$(count orders.ledger)" -gt $((COUNT + 1)) ]; then break; fi; sleep 1; done
cli consume orders.results >"$TMP/out"
ID=$(json value.order_id) CHANNEL=$(json value.channel) STORE=$(json value.store)
exits 0 "a worker's entry" ledger show "$ID"
says 'posted by a worker'
sed -n 1p "$TMP/orders" | sed "s/\"900000\"/\"$ID\"/; s/\"shopify\"/\"$CHANNEL\"/; s/\"uk\"/\"$STORE\"/" >"$TMP/posted"
exits 65 'is not overwritten' ledger import "$TMP/posted" --yes --reason mistaken
says 'the ledger has another entry'
exit "$FAILED"
