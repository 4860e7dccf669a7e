#!/bin/sh
# The libraries under the command line and a console neither print, nor end the process, nor read a command line: none of their archives asks for a symbol
# that does. The adapter to Kafka is in, because they call it.
#
# usage: test_ops_core_symbols.sh NM COMPILER ARCHIVE...
set -eu

NM=$1 CC=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# What writes to a file of its own (putc, fwrite) names no standard stream, and may. snprintf and vsnprintf write into memory.
banned='^(stdout|stderr|stdin|environ|exit|_exit|quick_exit|printf|vprintf|fprintf|vfprintf|dprintf|puts|putchar|perror|psignal|err|errx|warn|warnx|vwarn|vwarnx|verr|verrx|error|getopt|getopt_long|getopt_long_only|argp_parse|optarg|optind|program_invocation_name|program_invocation_short_name|__(v|f|vf|d)?printf_chk)$'
asks() { "$NM" -u "$1" | sed -n 's/^ *U \([^@]*\).*/\1/p' | sort -u | grep -E "$banned"; }

# The control: an archive that does all of it is found out, whatever the flags make of the names.
cat >"$work/bad.c" <<'C'
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
void bad(int argc, char **argv)
{
    printf("%d", getopt(argc, argv, "x"));
    fprintf(stderr, "%d", argc);
    exit(1);
}
C
"$CC" -O2 -D_FORTIFY_SOURCE=2 -c "$work/bad.c" -o "$work/bad.o"
ar rc "$work/bad.a" "$work/bad.o"
[ "$(asks "$work/bad.a" | grep -Ec '^(exit|getopt|stderr|(__)?f?printf(_chk)?)$')" -ge 5 ] || { echo "FAILED: the control is not found out" && failed=1; }

for archive in "$@"; do
    [ -s "$archive" ] || { echo "FAILED: there is no $archive" && failed=1; }
    if found=$(asks "$archive"); then
        echo "FAILED: $(basename "$archive") asks for $(printf '%s' "$found" | tr '\n' ' ')"
        failed=1
    fi
done
exit $failed
