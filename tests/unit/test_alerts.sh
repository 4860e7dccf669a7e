#!/bin/sh
# shellcheck disable=SC2013 # words are meant: names without blanks
# The alert rules against what they speak of. usage: test_alerts.sh names|promtool TREE
#   names     each metric, label, code and alert that a rule names exists, each thing that a worker waits for has its alert; each alert has its section in the
#             manual and its own test
#   promtool  promtool checks the rules and runs their tests; exit 77 (skipped) where it is not installed
set -eu

TREE=$2
RULES=$TREE/ops/alerts/primaflow.rules.yml
TESTS=$TREE/ops/alerts/primaflow.tests.yml
MANUAL=$TREE/ops/runbook/README.md
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}

if [ "$1" = promtool ]; then
    command -v promtool >/dev/null || { echo "promtool is not installed (Debian: prometheus)" && exit 77; }
    promtool check rules "$RULES"
    promtool test rules "$TESTS"
    exit
fi

defined=$(sed -n 's/^METRIC([a-z_]*, \([A-Z]*\), "\([a-z_]*\)", "\([a-z]*\)".*/\2 \1 \3/p' "$TREE/common/obs/metrics.def")
[ "$(echo "$defined" | wc -l)" -gt 20 ] || fail "metrics.def cannot be read"
for name in $(sed -n 's/^ *expr: //p' "$RULES" | grep -oE '(primaflow|process)_[a-z_]+' | sed 's/_bucket$//' | sort -u); do
    echo "$defined" | grep -q "^$name " || fail "no metric $name in metrics.def"
done
for pair in $(sed -n 's/^ *expr: //p' "$RULES" | grep -oE 'primaflow_[a-z_]+\{[a-z]+' | sort -u); do
    echo "$defined" | grep -q "^${pair%%\{*} .* ${pair##*\{}$" || fail "metric ${pair%%\{*} has no label ${pair##*\{}"
done
for code in $(sed -n 's/^ *expr: //p' "$RULES" | grep -oE '(code|reason)="[a-z_]+"' | sed 's/.*="\(.*\)"/\1/' | sort -u); do
    grep -q "^PF_ERROR($code," "$TREE/common/base/errors.def" || fail "no code $code in errors.def"
done
waits=$(sed -n 's/^WAIT(\([a-z]*\),.*/\1/p' "$TREE/common/host/waits.def")
[ "$(echo "$waits" | wc -l)" -gt 8 ] || fail "waits.def cannot be read"
alarmed=$(sed -n 's/^ *expr: //p' "$RULES" | grep -oE '[{,]for=~?"[a-z|]+"' | sed 's/.*="\(.*\)"/\1/; s/.*=~"\(.*\)"/\1/' | tr '|' '\n' | sort -u)
for wait in $alarmed; do
    echo "$waits" | grep -qx "$wait" || fail "a rule speaks of waiting for $wait, which is not in waits.def"
done
for wait in $waits; do
    echo "$alarmed" | grep -qx "$wait" || fail "no alert tells of a worker that waits for $wait"
    sed -n '/^What a worker can wait for/p' "$MANUAL" | grep -q "\`$wait\`" || fail "ops/runbook/README.md does not say what waiting for $wait is"
done
alerts=$(sed -n 's/^ *- alert: //p' "$RULES")
[ "$(echo "$alerts" | wc -l)" -gt 10 ] || fail "the rules cannot be read"
[ -z "$(echo "$alerts" | sort | uniq -d)" ] || fail "an alert stands twice"
for alert in $alerts; do
    anchor=$(echo "$alert" | tr '[:upper:]' '[:lower:]')
    grep -q "^### $alert\$" "$MANUAL" || fail "ops/runbook/README.md has no section '### $alert'"
    grep -q "runbook: \"ops/runbook/README.md#$anchor\"" "$RULES" || fail "$alert does not point to its section"
    grep -q "$alert" "$TESTS" || fail "$alert has no test in primaflow.tests.yml"
done
for named in $(sed -n 's/^ *expr: //p' "$RULES" | grep -oE 'alertname=~"[A-Za-z|]+"' | sed 's/.*"\(.*\)"/\1/' | tr '|' '\n' | sort -u); do
    echo "$alerts" | grep -qx "$named" || fail "a rule keeps quiet for $named, which no rule raises"
done
for section in $(sed -n 's/^### \(Primaflow[A-Za-z]*\)$/\1/p' "$MANUAL"); do
    echo "$alerts" | grep -qx "$section" || fail "ops/runbook/README.md explains $section, which no rule raises"
done
exit $failed
