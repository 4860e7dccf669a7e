# shellcheck shell=bash
# How a real Kafka broker is fetched, made quick to start, and started. Sourced by ops/stack.
#
# A class-data archive (AppCDS), made once beside the jars, takes a third off every start; it holds only for the same class path
# string and the same Java, so both are part of its name.
#
# Uses from its sourcer: say, die, ports_pick, ops/jars.sh. Sets: KAFKA_LIB (folder with the jars), KAFKA_CDS (archive; empty file: none).

KAFKA_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# kafka_fetch: make sure that jars and archive are there. Says what it does when it takes long; silent and quick otherwise.
kafka_fetch() {
    local key lock
    jars_java Kafka
    jars_cache
    KAFKA_LIB=$CACHE/kafka-$(jars_key "$KAFKA_SRC/pom.xml")
    key=$(sha256sum <<<"$JAVA_RELEASE")
    KAFKA_CDS=$KAFKA_LIB/classes-${key:0:8}.jsa
    if [ -e "$KAFKA_CDS" ]; then return; fi
    exec {lock}>"$CACHE/.lock"
    flock "$lock" # several stacks may come up at once: one fetches, the others wait
    [ -d "$KAFKA_LIB" ] || kafka_download
    [ -e "$KAFKA_CDS" ] || kafka_archive
    exec {lock}>&-
}

kafka_download() {
    local part=$KAFKA_LIB.part jar classpath=
    say "fetching Kafka's jars by Maven (31 MB, once)"
    jars_maven Kafka "$KAFKA_SRC/pom.xml" copy-dependencies "$part"
    for jar in "$part"/*.jar; do classpath+=:$KAFKA_LIB/${jar##*/}; done
    printf -- '-cp "%s"\n' "${classpath#:}" >"$part/classpath" # in a file: the archive wants the very same string each time
    mv "$part" "$KAFKA_LIB"
}

# kafka_archive: one training run of the broker, whose classes go to the archive. A failure costs speed only.
kafka_archive() {
    local dir port pid archive=$KAFKA_CDS
    say "preparing Kafka for quick starts (some seconds, once)"
    dir=$(mktemp -d "$KAFKA_LIB/train.XXXXXX")
    port=$(ports_pick)
    kafka_configure "$dir" "$port" $((port + 1))
    KAFKA_CDS=
    kafka_exec "$dir" "-XX:ArchiveClassesAtExit=$dir/classes.jsa" >"$dir/log" 2>&1 </dev/null &
    pid=$!
    if kafka_await "$pid" "$dir/log" 0 60; then
        kill "$pid"
        wait "$pid" || true # 143: ended by our TERM
    fi
    kill -KILL "$pid" 2>/dev/null || true
    if [ ! -s "$dir/classes.jsa" ]; then
        say "warning: no class archive came of it, Kafka will start more slowly"
        : >"$dir/classes.jsa"
    fi
    KAFKA_CDS=$archive
    mv "$dir/classes.jsa" "$KAFKA_CDS"
    rm -rf "$dir"
}

# kafka_configure DIR BROKER_PORT CONTROLLER_PORT: write what a broker needs into DIR. Data that is there stays.
kafka_configure() {
    local id
    mkdir -p "$1/data" "$1/tmp"
    sed -e "s/@BROKER_PORT@/$2/" -e "s/@CONTROLLER_PORT@/$3/" "$KAFKA_SRC/server.properties" >"$1/server.properties"
    if [ ! -e "$1/data/meta.properties" ]; then # as "kafka-storage format" writes it for a node without SCRAM users
        id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_')
        printf 'version=1\nnode.id=1\ncluster.id=%s\n' "${id:0:22}" >"$1/data/meta.properties"
    fi
}

# kafka_exec DIR [JVM option...]: become the broker, with DIR as working folder. Call it in the background.
kafka_exec() {
    local dir=$1 shared=()
    shift
    if [ -s "$KAFKA_CDS" ]; then shared=(-Xshare:auto "-XX:SharedArchiveFile=$KAFKA_CDS"); fi
    cd "$dir" || exit 1
    export LC_ALL=C.UTF-8
    exec setsid java "${shared[@]}" "$@" -Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError \
        -Djava.io.tmpdir=tmp -Djava.awt.headless=true "-Dlog4j2.configurationFile=$KAFKA_SRC/log4j2.xml" "@$KAFKA_LIB/classpath" \
        kafka.Kafka server.properties
}

# kafka_await PID LOG OFFSET SECONDS: wait until the broker says in LOG, after byte OFFSET, that it started. 1: died or too slow.
kafka_await() {
    local tries=$(($4 * 20))
    while [ $((tries--)) -gt 0 ]; do
        if tail -c "+$(($3 + 1))" "$2" 2>/dev/null | grep -q 'Kafka Server started'; then return 0; fi
        [ -e "/proc/$1" ] || return 1
        sleep 0.05
    done
    return 1
}
