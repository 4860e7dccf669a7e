# shellcheck shell=bash
# How the Java servers of ops/stack are fetched, once, and kept. Sourced by ops/stack.
#
# They live outside the tree, keyed by their pom's checksum, and appear there by one rename: a killed download leaves a "*.part"
# folder that the next run removes, never half a server.
#
# Uses from its sourcer: say, die.

# jars_java PART: sets JAVA_RELEASE (what tells one Java from another); dies when there is none that is new enough for PART.
jars_java() {
    local java major
    java=$(command -v java) || die "java is missing: run ops/setup"
    JAVA_RELEASE=$(cat "$(dirname "$(realpath "$java")")/../release" 2>/dev/null) || JAVA_RELEASE=
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' <<<"$JAVA_RELEASE")
    [ "${major:-17}" -ge 17 ] || die "$1 needs Java 17 or newer, $java is $major: run ops/setup, or put a newer java first in PATH"
}

# jars_cache: sets CACHE, a folder that we may write to.
jars_cache() {
    CACHE=${PRIMAFLOW_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/primaflow}
    { mkdir -p "$CACHE" && [ -w "$CACHE" ]; } 2>/dev/null || die "cannot write to the cache folder $CACHE: set PRIMAFLOW_CACHE to one that you may write to"
    CACHE=$(realpath "$CACHE")
}

# jars_key POM: names what a pom's contents ask for.
jars_key() {
    local key
    key=$(sha256sum <"$1")
    echo "${key:0:12}"
}

# jars_maven PART POM GOAL FOLDER: runs a goal of Maven's dependency plugin that fills FOLDER. Dies with 75 when nothing could be reached, so
# that a caller can tell "no network" from "this cannot work".
jars_maven() {
    local log=$4.log status=69
    command -v mvn >/dev/null || die "maven is missing: run ops/setup"
    rm -rf "$4"
    # -C: a checksum that does not match is an error
    if ! mvn -B -q -C -f "$2" "dependency:$3" -DoutputDirectory="$4" >"$log" 2>&1 </dev/null; then
        { grep -m 5 -E 'ERROR|Exception' "$log" || tail -n 5 "$log"; } >&2
        rm -rf "$4"
        if grep -qE "Could not transfer|UnknownHost|[Tt]imed out|No plugin found for prefix 'dependency'" "$log" && ! grep -q 'Checksum validation failed' "$log"; then status=75; fi
        STATUS=$status die "Maven could not fetch $1: is Maven Central (or your mirror in ~/.m2/settings.xml) reachable? Full output: $log"
    fi
    rm -f "$log"
}
