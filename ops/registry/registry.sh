# shellcheck shell=bash
# How a real schema registry (Apicurio, by its Confluent API) is fetched and started. Sourced by ops/stack.
#
# Its schemas are in a database file, not in memory: a registry that came back after a kill with other ids would have every record mean
# something else, which no real one does.
#
# Uses from its sourcer: say, die, ops/jars.sh. Sets: REGISTRY_LIB (the unpacked distribution).

REGISTRY_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REGISTRY_API=/apis/ccompat/v7

# registry_fetch: make sure that the distribution is there. Says what it does when it takes long; silent and quick otherwise.
registry_fetch() {
    local lock
    jars_java 'The schema registry'
    jars_cache
    REGISTRY_LIB=$CACHE/registry-$(jars_key "$REGISTRY_SRC/pom.xml")
    if [ -d "$REGISTRY_LIB" ]; then return; fi
    exec {lock}>"$CACHE/.lock"
    flock "$lock" # several stacks may come up at once: one fetches, the others wait
    if ! [ -d "$REGISTRY_LIB" ]; then
        say "fetching the schema registry by Maven (109 MB, once)"
        jars_maven 'the schema registry' "$REGISTRY_SRC/pom.xml" unpack "$REGISTRY_LIB.part"
        mv "$REGISTRY_LIB.part" "$REGISTRY_LIB"
    fi
    exec {lock}>&-
}

# registry_exec DIR PORT [JVM option...]: become the registry, with DIR as working folder. Call it in the background.
registry_exec() {
    local dir=$1 port=$2 jar=("$REGISTRY_LIB"/apicurio-registry-app-*-runner.jar)
    shift 2
    mkdir -p "$dir/tmp"
    cd "$dir" || exit 1
    export LC_ALL=C.UTF-8
    # WRITE_DELAY=0: what it acknowledged is in the file, also after kill -9
    exec setsid java "$@" -Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError \
        -Djava.io.tmpdir=tmp -Djava.awt.headless=true -Dquarkus.http.host=127.0.0.1 "-Dquarkus.http.port=$port" \
        -Dapicurio.storage.kind=sql -Dapicurio.storage.sql.kind=h2 '-Dapicurio.datasource.url=jdbc:h2:file:./schemas;WRITE_DELAY=0' \
        -jar "${jar[0]}"
}

# registry_answers PORT: it says which subjects it has.
registry_answers() {
    local head=
    { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
    printf 'GET %s/subjects HTTP/1.0\r\n\r\n' "$REGISTRY_API" >&3
    read -rt 10 -u 3 head || true
    exec 3>&-
    [[ $head == *' 200 '* ]]
}
