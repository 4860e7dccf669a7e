#!/usr/bin/env bash
# ops/stack: what tests and demo stand on must itself not leak, collide or half work. Each row is one promise of its help text.
# shellcheck disable=SC1090,SC1091 # env is made by the stack
set -euo pipefail

STACK=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../ops" && pwd)/stack
TMP=$(mktemp -d "${TMPDIR:-/tmp}/primaflow stack.XXXXXX") # a blank in the path, as people have them
A=$TMP/a B=$TMP/b
FAILED=0

stack() { "$STACK" "$@" --owner-pid $$ 2>>"$TMP/log"; }
quiet() { "$STACK" "$@" 2>>"$TMP/log"; }
not() { if "$@"; then return 1; fi; } # "!" does not trip "set -e"
pid_of() { quiet status --dir "$1" | awk -v part="$2" '$1 == part { print $4 }'; }
redis() { (. "$1/env" && timeout 10 redis-cli -u "$REDIS_URL" "${@:2}"); }

none_left() { not pgrep -f -- "$1(/| |\$)" >/dev/null; } # every process of the stack names its folder
soon() { for _ in {1..100}; do if "$@"; then return 0; fi; sleep 0.1; done; return 1; }

up_answers() {
    stack up --dir "$A" --only kafka,redis
    [ "$(redis "$A" ping)" = PONG ]
    [ "$(redis "$A" config get maxmemory-policy | tail -n 1)" = noeviction ]
    (. "$A/env" && exec 3<>"/dev/tcp/${KAFKA_BOOTSTRAP_SERVERS/://}")
    [ "$(. <(quiet env --dir "$A") && echo "$STACK_DIR")" = "$A" ]
}

second_up_does_nothing() {
    local before began=${EPOCHREALTIME//[.,]/}
    before=$(quiet status --dir "$A")
    stack up --dir "$A" --only kafka,redis
    [ $((${EPOCHREALTIME//[.,]/} - began)) -lt 1000000 ]
    [ "$(quiet status --dir "$A")" = "$before" ]
}

two_stacks_do_not_meet() {
    stack up --dir "$B" --only redis
    redis "$B" set whose b >/dev/null
    [ -z "$(redis "$A" get whose)" ]
    quiet down --dir "$B"
    none_left "$B"
    quiet status --dir "$A" >/dev/null
}

up_repairs_a_killed_part() {
    local kafka redis env
    kafka=$(pid_of "$A" kafka) redis=$(pid_of "$A" redis) env=$(<"$A/env")
    kill -KILL "$kafka"
    soon test ! -e "/proc/$kafka"
    not quiet status --dir "$A" >/dev/null
    stack up --dir "$A" --only kafka,redis
    [ "$(pid_of "$A" kafka)" != "$kafka" ]
    [ "$(pid_of "$A" redis)" = "$redis" ]
    [ "$(<"$A/env")" = "$env" ]
}

up_continues_a_stopped_part() {
    quiet kill redis --dir "$A" --signal STOP
    not quiet status --dir "$A" >/dev/null
    stack up --dir "$A" --only kafka,redis
    quiet status --dir "$A" >/dev/null
}

restart_keeps_the_port_and_loses_what_redis_held() {
    local env
    env=$(<"$A/env")
    redis "$A" set key value >/dev/null
    quiet restart redis --dir "$A"
    [ -z "$(redis "$A" get key)" ]
    [ "$(<"$A/env")" = "$env" ]
}

restart_keeps_data_when_asked() {
    redis "$A" set key value >/dev/null
    quiet restart redis --dir "$A" --keep-data
    [ "$(redis "$A" get key)" = value ]
}

taken_port_is_named_with_its_holder() {
    local port status=0 said
    port=$(. "$A/env" && echo "${KAFKA_BOOTSTRAP_SERVERS#*:}")
    said=$("$STACK" up --dir "$B" --only kafka,redis --port-base "$port" 2>&1) || status=$?
    [ "$status" -eq 69 ]
    [[ $said == *"port $port"*java*pid=*--port-base* ]] || { echo "$said" && false; }
    soon none_left "$B" # what was killed may take a moment to be gone
}

part_that_cannot_start_shows_its_log_and_leaves_nothing() {
    local status=0 said
    mkdir -p "$TMP/bin"
    printf '#!/bin/sh\necho "the disk is on fire"\nexit 1\n' >"$TMP/bin/prima-sandbox"
    chmod +x "$TMP/bin/prima-sandbox"
    said=$(PRIMAFLOW_BIN=$TMP/bin "$STACK" up --dir "$B" --only redis,prima 2>&1) || status=$?
    [ "$status" -eq 69 ]
    [[ $said == *'the disk is on fire'*prima.log* ]]
    soon none_left "$B" # what was killed may take a moment to be gone
}

restart_takes_other_arguments_for_prima() {
    local row
    mkdir -p "$TMP/bin"
    printf '#!/bin/sh\necho "$@" >>"%s/calls"\nexit 1\n' "$TMP" >"$TMP/bin/prima-sandbox"
    chmod +x "$TMP/bin/prima-sandbox"
    PRIMAFLOW_BIN=$TMP/bin quiet up --dir "$B" --only redis --prima-arg --unique --prima-arg on
    not quiet restart prima --dir "$B"
    not quiet restart prima --dir "$B" --prima-arg --unique --prima-arg off
    not quiet start prima --dir "$B"
    mapfile -t row < <(sed 's/.* --unique/--unique/' "$TMP/calls")
    [ "${row[*]}" = '--unique on --unique off --unique off' ]
    quiet down --dir "$B"
}

sandbox_not_built_says_how() {
    local status=0 said
    said=$(PRIMAFLOW_BIN=$TMP/nowhere "$STACK" up --dir "$B" 2>&1) || status=$?
    [ "$status" -eq 69 ]
    [[ $said == *'not built'*cmake* ]]
    soon none_left "$B" # what was killed may take a moment to be gone
}

two_ups_at_once_make_one_stack() {
    local first second
    stack up --dir "$B" --only redis &
    first=$!
    stack up --dir "$B" --only redis &
    second=$!
    wait "$first"
    wait "$second"
    [ "$(pid_of "$B" redis | wc -w)" -eq 1 ]
    quiet down --dir "$B"
}

down_spares_who_only_reads_its_files() {
    local reader
    stack up --dir "$B" --only redis
    tail -f --pid=$$ "$B/redis/redis.conf" >/dev/null 2>&1 &
    reader=$!
    quiet down --dir "$B"
    kill "$reader" # fails when it is gone
    wait "$reader" || true
}

down_ends_a_stack_without_its_files() {
    stack up --dir "$B" --only redis
    kill -KILL "$(pid_of "$B" watch)"
    rm -rf "$B"
    quiet down --dir "$B"
    none_left "$B"
}

removed_folder_ends_it() {
    stack up --dir "$B" --only redis
    rm -rf "$B"
    soon none_left "$B"
}

owner_death_ends_it() {
    local owner
    sleep 30 >/dev/null 2>&1 &
    owner=$!
    quiet up --dir "$B" --only redis --owner-pid "$owner"
    sleep 1.5
    quiet status --dir "$B" >/dev/null
    kill -KILL "$owner"
    soon none_left "$B"
}

life_over_ends_it() {
    stack up --dir "$B" --only redis --life 1
    soon none_left "$B"
}

down_then_up_starts_empty() {
    stack up --dir "$B" --only redis
    redis "$B" set key value >/dev/null
    redis "$B" save >/dev/null
    quiet down --dir "$B"
    stack up --dir "$B" --only redis
    [ -z "$(redis "$B" get key)" ]
    quiet down --dir "$B"
}

bad_usage_is_64() {
    local status arguments
    for arguments in frobnicate 'up --port-base 80' 'up --only kafka,mysql' 'up --dir' 'kill' 'kill watch' 'kill redis --signal HUP' 'restart redis --signal STOP'; do
        status=0
        # shellcheck disable=SC2086 # words
        "$STACK" $arguments >/dev/null 2>&1 || status=$?
        [ "$status" -eq 64 ]
    done
}

down_leaves_no_process() {
    quiet down --dir "$A"
    none_left "$A"
    quiet down --dir "$A" # and again
}

finish() {
    quiet down --dir "$A" || true
    quiet down --dir "$B" || true
    [ "$FAILED" -eq 0 ] || tail -n 20 "$TMP/log"
    rm -rf "$TMP"
}
trap finish EXIT

for row in up_answers second_up_does_nothing two_stacks_do_not_meet up_repairs_a_killed_part up_continues_a_stopped_part \
    restart_keeps_the_port_and_loses_what_redis_held restart_keeps_data_when_asked taken_port_is_named_with_its_holder \
    part_that_cannot_start_shows_its_log_and_leaves_nothing restart_takes_other_arguments_for_prima sandbox_not_built_says_how two_ups_at_once_make_one_stack \
    down_spares_who_only_reads_its_files down_ends_a_stack_without_its_files removed_folder_ends_it owner_death_ends_it \
    life_over_ends_it down_then_up_starts_empty bad_usage_is_64 down_leaves_no_process; do
    # a shell of its own: "set -e" does not work inside a condition
    set +e
    (set -e && "$row")
    status=$?
    set -e
    if [ "$status" -eq 0 ]; then
        echo "ok $row"
    else
        echo "NOT OK $row"
        FAILED=1
    fi
done
exit "$FAILED"
