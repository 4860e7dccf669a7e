#!/usr/bin/env python3
"""Which rows of the life table (common/posting/transitions.c) the workers of the fault tests and of the simulator have taken, and which none of them did.

usage: tests/fault/coverage.py FOLDER      summary over every file of a folder; exit 1: a row that nothing takes is missing in NOT_MET
"""

import re
import sys
from pathlib import Path

from stack import TREE

LIFE = TREE / "common" / "posting" / "transitions.c"

# Rows that nothing meets, or only by chance, and why: neither a fault test nor the simulator. What a case meets for certain is to be taken out.
NOT_MET = {
    "CLAIMED SHADOWED": "shadows have tests of their own, on the same engine (tests/integration)",
    "RESOLVING COMPARED": "as above",
    # `defer` finds that the delivery has ended; but whoever waits for its key has its lane, its partition, and no lease that could end.
    "DECODED TOKEN_LOST": "another worker ends a delivery in the moment between this one's claim, which was told to wait, and its way to a retry topic",
    "RESOLVING OWN_TURN": "behind words that no pattern knows the only order around waits, and its turn comes by a retry topic",
    "CLAIMED CREDIT_MOVED": "by chance: two refunds of one order at the same moment on two workers, of which one came by a retry topic; tests/unit: test_posting_decide, "
                            "test_idempotency_credit_property",
    # A newer generation writes between two scripts of one record; DECODED, the claim's own row, is met for certain, and the action is the same.
    "CLAIMED STALE_GENERATION": "by chance: a rebalance in the moment between claim and request",
    "SENT STALE_GENERATION": "by chance: a rebalance while a request is under way, whose key the next owner has taken over",
    "RESOLVING STALE_GENERATION": "by chance: a rebalance while a document is asked for",
}


SHOWN_MAX = 30  # of a run of a few cases most rows are missing, and nobody wants to read that


def rows():
    """Every row, "SENT ACCEPTED", in the table's order."""
    return [f"{was} {happened}" for was, happened in re.findall(r"^    ROW\((\w+),\s+(\w+),", LIFE.read_text(), re.MULTILINE)]


def met(paths):
    return {line.removeprefix("life ") for path in paths if path.exists() for line in path.read_text().splitlines() if line.startswith("life ")}


def summary(paths):
    """A line or two for people: of these runs only."""
    taken, table = met(paths), rows()
    missing = [row for row in table if row not in taken]
    text = f"life table: {len(table) - len(missing)} of {len(table)} rows taken"
    return text + (f"; not {', '.join(missing)}" if 0 < len(missing) <= SHOWN_MAX else "")


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 64
    paths = sorted(Path(sys.argv[1]).glob("*.rows"))
    if not paths:
        print("no case has run")
        return 77
    taken = met(paths)
    print(f"life table: {sum(row in taken for row in rows())} of {len(rows())} rows taken")
    unknown = [row for row in rows() if row not in taken and row not in NOT_MET]
    for row in (row for row in NOT_MET if row not in taken):
        print(f"not taken: {row} ({NOT_MET[row]})")
    for row in unknown:
        print(f"nothing takes {row}, and it is not in NOT_MET")
    for row in (row for row in NOT_MET if row in taken and "by chance" not in NOT_MET[row]):
        print(f"{row} is in NOT_MET, and was taken: take it out")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
