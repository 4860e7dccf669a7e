#!/usr/bin/env python3
"""Runs fault cases: tests/fault/run.py [--list] [--mode on|off] [--mutant NAME] [--keep] [PATTERN...]

PATTERN is a glob on case names, e.g. 'edges.*'. The binaries are PRIMAFLOW_BIN's (default build/dev/bin). Exit 1: a case failed. A failed case's
stack folder (worker logs, prima.sqlite) is kept and named; --keep also leaves the stack running until Ctrl-C.
"""

import argparse
import fnmatch
import importlib
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

import case
import coverage

FILES = sorted(path.stem for path in Path(__file__).parent.glob("cases_*.py"))


def load():
    for name in FILES:
        importlib.import_module(name)


def coverage_file(patterns, mode):
    """Where workers note the rows of the life table that they take (builds with fail points): in PF_COVERAGE's folder, for coverage.py to sum up. A name for
    each choice of cases: others may run beside it, and none may write over another's."""
    folder = Path(os.environ.get("PF_COVERAGE") or tempfile.mkdtemp(prefix="pf-coverage-"))
    folder.mkdir(parents=True, exist_ok=True)
    words = [*patterns, *([mode] if mode else [])]
    path = folder / (re.sub(r"\W+", "_", "_".join(words).replace("[!", "[not_")).strip("_") + ".rows")
    path.unlink(missing_ok=True)
    return path


class Stacks:
    """The one running stack, made when first needed, replaced when a case has broken it."""

    def __init__(self, coverage_path=None):
        self.running, self.coverage_path = None, coverage_path

    def get(self, mode):
        if self.running and not self.running.unique and mode == "on":
            self.drop()  # where a number may be there twice, Prima could not enforce it any more
        if self.running is None:
            self.running = case.stack_for(mode)
            if self.coverage_path:
                self.running.env["PRIMAFLOW_TEST_COVERAGE"] = str(self.coverage_path)
        elif self.running.unique and mode == "off":
            self.running.unique_off()
        return self.running

    def drop(self, keep_folder=False):
        stack, self.running = self.running, None
        if stack is None:
            return
        stack.down()
        if not keep_folder:
            shutil.rmtree(stack.folder, ignore_errors=True)


def run_one(stacks, made, mode, turn, mutant=None, keep=False):
    """The failure's text, or None. A case that broke its stack, or failed, leaves none behind."""
    stack = stacks.get(mode)
    world = case.World(stack, made.name, turn, mutant)
    failure = None
    try:
        made.function(world)
    except Exception as error:  # whatever it is, the next case shall run
        failure = f"{type(error).__name__}: {error}"
        if not isinstance(error, case.Failed):
            at = [f for f in traceback.extract_tb(error.__traceback__) if "cases_" in f.filename]
            failure += "".join(f"\n  at {f.filename.rsplit('/', 1)[1]}:{f.lineno}: {f.line}" for f in at)
    if failure and keep:
        print(f"{failure}\nkept: . {stack.dir}/env; Ctrl-C ends it")
        try:
            time.sleep(86400)
        except KeyboardInterrupt:
            pass
    leftover = None
    try:
        world.close()
        leftover = None if stack.spoilt else case.unread(stack)
    except (RuntimeError, OSError):
        leftover = "the stack no longer answers"
    if leftover:
        print(f"  {leftover}; the next case gets a new stack", flush=True)
    if failure or stack.spoilt or leftover:
        stacks.drop(keep_folder=failure is not None)
    return f"{failure}\n  logs and prima.sqlite: {stack.folder}" if failure else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*", default=["*"])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--mode", choices=("on", "off"), help="of the sandbox's --unique; left out: those that each case names, all with PF_FULL=1")
    parser.add_argument("--mutant", help="switch this rule off in every worker: the case should fail")
    parser.add_argument("--keep", action="store_true", help="leave a failed case's stack running")
    parser.add_argument("--turns", type=int, default=1, help="run each so often")
    options = parser.parse_args()
    load()
    chosen = [c for c in case.CASES.values() if any(fnmatch.fnmatch(c.name, p) for p in options.patterns)]
    if options.list:
        for c in chosen:
            print(f"{c.name:44} {'/'.join(c.usual):7} {(c.function.__doc__ or '').strip().splitlines()[0] if c.function.__doc__ else ''}")
        return 0
    if not chosen:
        print("no case has such a name", file=sys.stderr)
        return 64
    rows = coverage_file(options.patterns, options.mode)
    stacks, failed, ran = Stacks(rows), 0, 0
    try:
        for mode in [options.mode] if options.mode else ["on", "off"]:
            for c in [c for c in chosen if mode in (c.modes if options.mode else c.usual)]:
                for turn in range(options.turns):
                    began = time.monotonic()
                    failure = run_one(stacks, c, mode, turn, options.mutant, options.keep)
                    if failure and not failure.startswith("Failed"):  # its arrangement did not come about: no finding yet, once more
                        print(f"again  {c.name} unique={mode}: {failure.splitlines()[0]}", flush=True)
                        failure = run_one(stacks, c, mode, turn, options.mutant, options.keep)
                    ran += 1
                    failed += failure is not None
                    print(f"{'FAILED' if failure else 'ok':6} {c.name} unique={mode} {time.monotonic() - began:.1f} s", flush=True)
                    if failure:
                        print("  " + failure.replace("\n", "\n  "), flush=True)
    finally:
        stacks.drop()
    if rows.exists():
        print(coverage.summary([rows]))
    print(f"{ran - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
