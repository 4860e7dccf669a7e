#!/bin/sh
# One room for each library: hiredis and librdkafka are included in common/redis and common/kafka alone, a script's raw reply is looked
# into beside the scripts alone, and a topic's name is written in topics.def alone.
#
# usage: test_adapters.sh TREE
set -eu

cd "$1"
failed=0

# only WHAT PATTERN ALLOWED-PATHS-PATTERN: no line of the programs' sources has PATTERN, but in those paths
only() {
    found=$(grep -rnE --include='*.[ch]' "$2" common workers ops | grep -vE "^($3)" || true)
    [ -z "$found" ] && return
    echo "FAILED: $1:"
    echo "$found"
    failed=1
}
# the control: a pattern that finds nothing anywhere would pass
has() { grep -rqE --include='*.[ch]' --include='*.def' "$1" "$2" || { echo "FAILED: nothing in $2 has $1"; failed=1; }; }

includes_hiredis='#include [<"](hiredis|async\.h)' includes_rdkafka='#include [<"](librdkafka/|rdkafka)' internal='#include "kafka/internal\.h"'
reply='struct redis_item|(reply|r|i)(->|\.)items\[[0-9]' topic='"(shadow\.)?(orders|refunds|stock|ops)\.(raw|results|ledger|snapshots|levels|reservations|status|decisions|overlays|audit|control)[."]'
only 'hiredis has one room' "$includes_hiredis" 'common/redis/'
only 'librdkafka has one room' "$includes_rdkafka|$internal" 'common/kafka/'
only 'a raw reply is looked into beside the scripts' "$reply" 'common/(redis|idempotency)/|common/facts/fact_calls\.c:|common/schedule/(schedule_calls|open_orders)\.c:'
only 'topics have one list' "^[^/*]*[^/* ].*$topic" 'common/kafka/topics\.def|common/config/|[^:]*:[0-9]+: *(/?\*|[^"]*/\*)'
has "$includes_hiredis" common/redis
has "$includes_rdkafka" common/kafka
has "$internal" common/kafka
has "$reply" common/idempotency
has "$topic" common/kafka/topics.def
exit $failed
