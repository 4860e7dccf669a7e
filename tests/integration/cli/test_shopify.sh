#!/usr/bin/env bash
# primaflow import shopify orders on a stack of its own, with a worker: every fixture ends in Prima's books with its payments and no
# difference, on hold only where a person has to look; a file with one wrong order sends nothing; the same file again posts nothing.
# usage: test_shopify.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"
raw_count() { cli consume orders.raw --raw | wc -l; }
count_is() { if [ "$2" -eq "$1" ]; then ok "  $1 records"; else not_ok "  $2 records, wanted $1"; fi; }

# One file a shop: a list, one order a line, and a single document.
python3 - "$TREE/tests/fixtures/shopify" "$TMP" <<'PY'
import glob, json, os, sys
stores = {"jpy": "jp", "pos_cash_rounding": "eu"}
orders = {"uk": [], "eu": [], "jp": []}
for path in sorted(glob.glob(sys.argv[1] + "/*.json")):
    name = os.path.basename(path)[:-5]
    if not name.endswith(".event"):
        orders[stores.get(name, "uk")].append(json.load(open(path))["order"])
with open(sys.argv[2] + "/uk.json", "w") as f: json.dump({"orders": orders["uk"]}, f, indent=2)
with open(sys.argv[2] + "/uk.jsonl", "w") as f: f.writelines(json.dumps(o) + "\n" for o in orders["uk"])
with open(sys.argv[2] + "/eu.json", "w") as f: json.dump({"order": orders["eu"][0]}, f)
with open(sys.argv[2] + "/jp.json", "w") as f: json.dump(orders["jp"][0], f, indent=1)
bad = [dict(o) for o in orders["uk"]]
bad[7] = dict(bad[7], total_price_set={"shop_money": {"amount": "abc", "currency_code": bad[7]["currency"]}})
with open(sys.argv[2] + "/bad.jsonl", "w") as f: f.writelines(json.dumps(o) + "\n" for o in bad)
with open(sys.argv[2] + "/counts", "w") as f: f.write("%d\n" % len(orders["uk"]))
PY
UK=$(cat "$TMP/counts")
ALL=$((UK + 2))

cd "$TREE"
exits 64 'half a command' import shopify
says 'import shopify orders'
exits 64 'a shop that nobody named' import shopify orders "$TMP/uk.json"
says '--store'
exits 64 'a shop that cannot be one' import shopify orders "$TMP/uk.json" --store 'u/k'
exits 64 'no file' import shopify orders --store uk
exits 65 'a file that is not there' import shopify orders "$TMP/none.json" --store uk
exits 65 'a wrong order among good ones' import shopify orders "$TMP/bad.jsonl" --store uk
says "$TMP/bad.jsonl:8: order #1012 (5700000000012): \$.total_price_set.shop_money.amount: \"abc\" is not an amount in GBP"
says 'nothing was printed'
if [ -s "$TMP/out" ]; then not_ok 'something was printed'; else ok '  nothing was'; fi
exits 65 'with --skip-bad the others go' import shopify orders "$TMP/bad.jsonl" --store uk --skip-bad "$TMP/aside.jsonl"
count_is $((UK - 1)) "$(wc -l <"$TMP/out")"
count_is 1 "$(wc -l <"$TMP/aside.jsonl")"
if [ "$(stat -c %a "$TMP/aside.jsonl")" = 600 ]; then ok '  set aside for its owner alone'; else not_ok 'others can read it'; fi
sed -i 's/"abc"/"57.50"/' "$TMP/aside.jsonl"
exits 0 'what was set aside is imported once it is corrected' import shopify orders "$TMP/aside.jsonl" --store uk
head -c -400 "$TMP/uk.jsonl" >"$TMP/cut.jsonl"
head -c -400 "$TMP/uk.json" >"$TMP/cut.json"
exits 65 'a file that is cut in its middle' import shopify orders "$TMP/cut.jsonl" --store uk
says "1 complaints about 1 of $UK orders; nothing was printed. To take the others, add --skip-bad FILE"
exits 65 'the orders before the cut' import shopify orders "$TMP/cut.jsonl" --store uk --skip-bad "$TMP/aside.cut"
says "$TMP/cut.jsonl:$UK: not JSON"
says 'export the file again, for what could not be read is missing'
count_is $((UK - 1)) "$(wc -l <"$TMP/out")"
exits 65 'a document that is cut has none' import shopify orders "$TMP/cut.json" --store uk
says 'nothing was printed'
if grep -q 'To take the others' "$TMP/err"; then not_ok 'there are no others'; else ok '  and no others to take'; fi
exits 64 'not over the file itself' import shopify orders "$TMP/bad.jsonl" --store uk --skip-bad "$TMP/bad.jsonl"
if [ -s "$TMP/bad.jsonl" ]; then ok '  which is as it was'; else not_ok 'it was overwritten'; fi
exits 69 'where it cannot be set aside' import shopify orders "$TMP/bad.jsonl" --store uk --skip-bad "$TMP/none/aside.jsonl"
says 'nothing was read'
exits 0 'printed' import shopify orders "$TMP/uk.json" --store uk
cp "$TMP/out" "$TMP/printed"
exits 0 'by lines' import shopify orders "$TMP/uk.jsonl" --store uk
if cmp -s "$TMP/out" "$TMP/printed"; then ok '  the same to the byte'; else not_ok '  other events'; fi

own_stack
exits 65 'a wrong order: nothing is sent' import shopify orders "$TMP/bad.jsonl" --store uk --to-kafka
says 'nothing was sent'
count_is 0 "$(raw_count)"
exits 65 'a shop of no company: nothing is sent' import shopify orders "$TMP/uk.json" --store us --to-kafka
says 'company_unmapped'
count_is 0 "$(raw_count)"
exits 69 'no Kafka' import shopify orders "$TMP/uk.json" --store uk --to-kafka -o kafka.bootstrap.servers=127.0.0.1:1

# Killed while it reads: the pipe holds 64 KiB, so when the file is written most of it has been read.
mkfifo "$TMP/pipe"
"$PRIMAFLOW_BIN/primaflow" import shopify orders - --store uk --to-kafka <"$TMP/pipe" >/dev/null 2>&1 &
IMPORT=$!
exec 9>"$TMP/pipe"
for ((i = 0; i < 10; i++)); do cat "$TMP/uk.jsonl" >&9; done
kill -KILL "$IMPORT"
wait "$IMPORT" 2>/dev/null || true
exec 9>&-
count_is 0 "$(raw_count)"

exits 0 'sent' import shopify orders "$TMP/uk.json" --store uk --to-kafka --json
says "{\"topic\": \"orders.raw\", \"records\": $UK,"
exits 0 'another shop' import shopify orders "$TMP/eu.json" --store eu --to-kafka
if cli import shopify orders - --store jp <"$TMP/jp.json" 2>/dev/null | cli produce orders.raw >/dev/null 2>&1; then ok 'a third, through produce'; else not_ok 'a third, through produce'; fi
count_is $ALL "$(raw_count)"

worker worker.log
await_terminal $ALL

# Prima's books, by its own arithmetic, against the fixtures; the results, by the worker's.
cat >"$TMP/judge" <<'PY'
import json, sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
results = {r["value"]["order_id"]: r["value"] for r in map(json.loads, open(sys.argv[2])) if r["value"]["outcome"] != "duplicate"}
# id's end: outcome, code, paid, outstanding, difference; minor units, worked out by hand
held = {"10": ("unknown_sku", 3300, 0, 0), "23": ("payment_excess", 1999, 0, -999), "16": ("address_illegible", 8320, 0, 0), "22": ("payment_pending", 2000, 6000, 0), "24": ("payment_pending", 6600, 480, 0), "25": ("payment_excess", 8900, 0, -2300)}
posted = {"01": (5750, 0), "02": (13336, 0), "03": (6600, 0), "04": (6000, 0), "05": (1235, 0), "06": (9350, 0), "07": (5300, 0), "08": (6000, 0), "09": (5950, 0), "11": (2700, 0),
          "12": (15944, 0), "13": (0, 23400), "17": (7600, 0), "18": (5350, 0), "19": (9900, 0), "20": (28190, 0), "21": (3600, 0)}
absent = {"14": "cancelled_before_posting", "15": "ignored_test"}
prefix = {"05": "202", "16": "301"}
wrong = []
def expect(what, got, wanted):
    if got != wanted: wrong.append("%s: %r, wanted %r" % (what, got, wanted))
for end in list(held) + list(posted) + list(absent):
    order_id = "57000000000" + end
    rows = db.execute("SELECT hold, paid_total, outstanding, difference, hold_narrative FROM orders WHERE order_number = ?", (prefix.get(end, "201") + order_id,)).fetchall()
    result = results.pop(order_id, None)
    if result is None:
        wrong.append(order_id + " has no result")
        continue
    if end in absent:
        expect(order_id + " in Prima", rows, [])
        expect(order_id, result["outcome"], absent[end])
        continue
    code, paid, outstanding, difference = held[end] if end in held else ("", *posted[end], 0)
    expect(order_id + " documents", len(rows), 1)
    if rows: expect(order_id + " in Prima", rows[0][:4], (int(end in held), paid, outstanding, difference))
    expect(order_id, (result["outcome"], result["codes"]), ("posted_on_hold", [code]) if code else ("posted", []))
    proof = result["proof"]
    expect(order_id + " proof", (proof["tenders_minor"], proof["outstanding_minor"], proof["difference_minor"]), (paid, outstanding, difference))
expect("other results", list(results), [])
expect("lines of the edited order", db.execute("SELECT l.product, l.quantity, l.discount FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.order_number = '2015700000000003' ORDER BY l.position").fetchall(),
       [("SKU00003", 2, 400), ("TSHIRT", 1, 0)])
expect("quantity of the refunded order", db.execute("SELECT l.quantity, l.depot FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.order_number = '2015700000000006'").fetchall(), [(2, "01")])
expect("charges of the cash sale", db.execute("SELECT c.charge, c.value FROM order_charges c JOIN orders o ON o.id = c.order_id WHERE o.order_number = '2025700000000005'").fetchall(), [("ROUND", 2)])
expect("payments by gift card and card", db.execute("SELECT p.pay_method, p.amount, p.voucher_number FROM order_payments p JOIN orders o ON o.id = p.order_id WHERE o.order_number = '2015700000000008' ORDER BY p.position").fetchall(),
       [("VCH", 2500, "5552"), ("CSH", 3500, "")])
expect("the tip's charge", db.execute("SELECT c.charge, c.value FROM order_charges c JOIN orders o ON o.id = c.order_id WHERE o.order_number = '2015700000000011'").fetchall(), [("TIP", 300)])
expect("the business's terms", db.execute("SELECT payment_terms, order_type FROM orders WHERE order_number = '2015700000000013'").fetchall(), [("30", "B2B")])
print("\n".join(wrong), file=sys.stderr)
sys.exit(bool(wrong))
PY
cli consume orders.results >"$TMP/results"
if python3 "$TMP/judge" "$D/prima.sqlite" "$TMP/results"; then ok 'every order is in the books as it should be'; else not_ok 'see above'; fi
if [ "$(cli consume orders.raw.dlq --raw | wc -l)" -eq 0 ]; then ok 'no dead letters'; else not_ok "dead letters: $(cli consume orders.raw.dlq | head -c 900)"; fi

exits 0 'the same file again' import shopify orders "$TMP/uk.json" --store uk --to-kafka
await_terminal $((ALL + UK))
cli consume orders.results >"$TMP/results"
# all but the cancelled and the test order were posted
if [ "$(grep -c '"outcome":"duplicate"' "$TMP/results")" -eq $((UK - 2)) ]; then ok 'comes back as duplicates'; else not_ok 'not all are duplicates'; fi
if python3 "$TMP/judge" "$D/prima.sqlite" "$TMP/results"; then ok 'nothing was posted twice'; else not_ok 'see above'; fi
exit "$FAILED"
