#!/bin/sh
# Each header of common/ compiles on its own, and each function that banned.h bans is a compile error.
#
# usage: test_headers.sh COMPILER COMMON-FOLDER [compiler flags for the libraries' headers]
set -eu

CC=$1 COMMON=$2
shift 2
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $("$CC" --version) in *clang*) every_error=-ferror-limit=0 ;; *) every_error=-fmax-errors=0 ;; esac

# compile FILE... [flags]: all in one run of the compiler
compile() { "$CC" -std=c11 -D_GNU_SOURCE -fsyntax-only "$every_error" -I "$COMMON" -include "$COMMON/base/banned.h" "$@" 2>&1; }

# The control: without it, a broken compiler would pass as a working ban. strtok_r is not strtok.
printf 'int main(void) { char a[4]; void *p = (void *)strtok_r; return p == 0 || snprintf(a, sizeof a, "x") - 1; }\n' >"$work/control.c"
compile "$work/control.c" || fail "the control does not compile"

# One name a line: a line is banned when the compiler says of it that the name is poisoned. (gets went with C11: unknown, or poisoned.)
names="strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll atof localtime gmtime asctime ctime"
for name in $names; do printf 'void *use_of_%s = (void *)%s;\n' "$name" "$name"; done >"$work/banned.c"
said=$(compile "$work/banned.c") && fail "what is banned compiles"
line=0
for name in $names; do
    line=$((line + 1))
    printf '%s\n' "$said" | grep -q "banned\.c:$line:.*error:.*poison" || fail "$name is not banned: $(printf '%s\n' "$said" | grep "banned\.c:$line:" || true)"
done
printf 'void *p = (void *)gets;\n' >"$work/gets.c"
compile "$work/gets.c" >/dev/null && fail "gets compiles"

rm "$work"/*.c
find "$COMMON" -name '*.h' >"$work/headers"
while IFS= read -r header; do
    name=${header#"$COMMON"/}
    printf '#include "%s"\n#include "%s"\ntypedef int not_empty;\n' "$name" "$name" >"$work/$(echo "$name" | tr / _).c"
done <"$work/headers"
compile -Wall -Wextra -Werror "$@" "$work"/*.c || fail "a header does not compile on its own"
exit $failed
