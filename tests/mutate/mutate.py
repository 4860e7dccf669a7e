#!/usr/bin/python3
"""Changes single lines of C so that they mean something else, and sees whether a unit test notices.

usage: tests/run mutate [options] [FOLDER|FILE...]

  FOLDER            C sources to change (common workers ops/cli)
  --count N         how many mutations, spread over kinds and files (50); 0: all
  --seed S          which ones; the same seed, the same mutations (1)
  --kind KIND       only of this kind (see --list)
  --list            print the mutations, run nothing
  --least PERCENT   exit 1 when fewer are noticed or explained (0)
  --quick           of the tests that are named neither like the file nor like its folder, only those under a second
  --again           forget the results so far; without it a run that was stopped is resumed

What a mutation survives is a line that no unit test holds. Explained survivors are in tests/mutate/explained.txt.
It works on a copy of the tree (build/mutate/tree) with a build of its own, at the lowest priority.
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sites  # noqa: E402

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(TREE, "build", "mutate")
COPY, BUILD = os.path.join(WORK, "tree"), os.path.join(WORK, "build")
EXPLAINED = os.path.join(TREE, "tests", "mutate", "explained.txt")
QUICK_SECONDS = 1
TIMED_OUT = "timed out"
NOTICED, SURVIVED, EXPLAINED_AWAY, SAME_CODE, NO_BUILD, NO_TEST = "noticed", "survived", "explained", "same code", "no build", "no test"


def say(text):
    print("mutate: " + text, flush=True)


def run(command, timeout=None, cwd=COPY):
    """Exit code and output; -1 when it takes too long."""
    with subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True, text=True, errors="replace") as process:
        try:
            output, _ = process.communicate(timeout=timeout)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return -1, TIMED_OUT


def copy_tree():
    """What git tracks, as it lies here, changes that are not committed included."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=TREE, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    for name in filter(None, names):
        source, target = os.path.join(TREE, name), os.path.join(COPY, name)
        if not os.path.isfile(source):
            continue
        with open(source, "rb") as file:
            wanted = file.read()
        if os.path.isfile(target):
            with open(target, "rb") as file:
                if file.read() == wanted:
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target)
        os.utime(target)


class Tests:
    """The cmocka programs of the label unit: how long each takes, and what it was linked to."""

    def __init__(self):
        _, text = run(["ctest", "--show-only=json-v1", "-L", "^unit$"], cwd=BUILD)
        self.programs = {}
        for test in json.loads(text)["tests"]:
            program = test.get("command", [""])[0]
            if program.startswith(BUILD + "/tests/") and len(test["command"]) == 1:
                self.programs[test["name"]] = program
        self.seconds, self.digests = {}, {}  # seconds of the processor: a busy machine makes no test slow

    def build(self, names):
        return run(["ninja", "-C", BUILD, *(os.path.relpath(self.programs[n], BUILD) for n in names)], timeout=1800)

    @staticmethod
    def digest(program):
        with open(program, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def passes(self, name, timeout):
        began = os.times()
        code, output = run([self.programs[name]], timeout)
        ended = os.times()
        return code == 0, ended.children_user + ended.children_system - began.children_user - began.children_system, output

    def baseline(self, slowest):
        """What passes without any change, and how quickly; a program that passed once need not run again."""
        path, known = os.path.join(WORK, "baseline.json"), {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                known = json.load(file)
        for name in sorted(self.programs):
            digest = self.digest(self.programs[name])
            if digest in known:
                self.seconds[name], self.digests[name] = known[digest], digest
                continue
            passed, seconds, output = self.passes(name, slowest)
            if passed:
                self.seconds[name], self.digests[name] = seconds, digest
            else:
                say("%s is left out: it fails or takes longer than %d s without any change\n%s" % (name, slowest, output[-300:]))
        with open(path, "w", encoding="utf-8") as file:
            json.dump({self.digests[n]: s for n, s in self.seconds.items()}, file)

    def stages(self, path, is_quick):
        """The tests in three groups, the likeliest to notice first: named like the file, like its folder, all others."""
        folder, file = os.path.split(path)
        stem, folder = os.path.splitext(file)[0], os.path.basename(folder).rstrip("s")
        ranks = {n: 0 if stem in n else 1 if folder in n else 2 for n in self.seconds}
        if is_quick:
            ranks = {n: rank for n, rank in ranks.items() if rank < 2 or self.seconds[n] < QUICK_SECONDS}
        return [sorted((n for n in ranks if ranks[n] == rank), key=self.seconds.get) for rank in range(3)]

    def relinked(self, names):
        """Those whose program is another one now."""
        return [n for n in names if self.digest(self.programs[n]) != self.digests[n]]


def explanations():
    """id → reason, of the lines `ID reason`."""
    reasons = {}
    with open(EXPLAINED, encoding="utf-8") as file:
        for line in file:
            word, _, reason = line.strip().partition(" ")
            if word and not word.startswith("#"):
                reasons[word] = reason
    return reasons


def dealt(groups):
    """One of each group in turn, in the order of the groups' names, until all are empty."""
    groups = {name: list(groups[name]) for name in sorted(groups)}
    while groups:
        for name in list(groups):
            yield groups[name].pop()
            if not groups[name]:
                del groups[name]


def grouped(mutations, name_of):
    groups = {}
    for mutation in mutations:
        groups.setdefault(name_of(mutation), []).append(mutation)
    return groups


def choose(found, count, seed):
    """In an order that the seed decides: kinds in turn, and the folders of a kind in turn, so that a small folder has its sample too."""
    chance = random.Random(seed)
    mutations = sorted(found, key=lambda m: m.id)
    chance.shuffle(mutations)
    kinds = {}
    for kind, of_kind in grouped(mutations, lambda m: m.kind).items():
        folders = grouped(of_kind, lambda m: os.path.dirname(m.path))
        names = sorted(folders)
        chance.shuffle(names)  # or the folders of the alphabet's beginning would have one more each
        kinds[kind] = list(dealt({i: folders[name] for i, name in enumerate(names)}))[::-1]  # dealt() takes from the end
    chosen = list(dealt(kinds))
    return chosen if count == 0 else chosen[:count]


def fails(tests, name):
    """Twice, so that it is no accident; a test that does not end does so once."""
    timeout = 20 + 20 * tests.seconds[name]
    passed, _, output = tests.passes(name, timeout)
    return not passed and (output == TIMED_OUT or not tests.passes(name, timeout)[0])


def judge(tests, mutation, is_quick):
    """The verdict, and the test that noticed."""
    target = os.path.join(COPY, mutation.path)
    with open(target, "rb") as file:
        original = file.read()
    try:
        with open(target, "wb") as file:
            file.write(original[:mutation.start] + mutation.new.encode() + original[mutation.end:])
        linked = 0
        for stage in filter(None, tests.stages(mutation.path, is_quick)):
            if tests.build(stage)[0] != 0:
                return NO_BUILD, ""
            to_run = tests.relinked(stage)
            linked += len(to_run)
            for name in to_run:
                if fails(tests, name):
                    return NOTICED, name
        return (SURVIVED if linked else NO_TEST), ""
    finally:
        with open(target, "wb") as file:
            file.write(original)


def is_same_code(tests, mutation):
    """No object changes: the compiler proves that both mean the same. Asked of what no test notices."""
    target = os.path.join(COPY, mutation.path)
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        entry = next(e for e in json.load(file) if e["file"] == target)
    with open(target, "rb") as file:
        original = file.read()
    command = entry["command"].replace(" -g ", " ") + " -O2"
    codes = []
    try:
        for text in (original, original[:mutation.start] + mutation.new.encode() + original[mutation.end:]):
            with open(target, "wb") as file:
                file.write(text)
            _, output = run(["sh", "-c", command.split(" -o ")[0] + " -O2 -S -o - " + target], cwd=entry["directory"])
            codes.append("\n".join(l for l in output.split("\n") if not l.lstrip().startswith((".file", ".loc", ".ident"))))
    finally:
        with open(target, "wb") as file:
            file.write(original)
    return codes[0] == codes[1]


def prepare(slowest):
    say("copying the tree, building its unit tests")
    copy_tree()
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        code, output = run(["cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DPF_FAILPOINTS=ON",
                            "-DBUILD_TESTING=ON", "-DCMAKE_C_FLAGS=-w -g0", "-DCMAKE_C_FLAGS_DEBUG=",
                            "-DCMAKE_EXE_LINKER_FLAGS=" + ("-fuse-ld=gold" if shutil.which("ld.gold") else "")], cwd=TREE)  # a quarter of the time
        if code != 0:
            sys.exit(output)
    code, output = run(["ninja", "-C", BUILD], timeout=3600)  # first: ctest lists no command of a program that is not built
    if code != 0:
        sys.exit(output[-3000:])
    tests = Tests()
    if not tests.programs:
        sys.exit("mutate: ctest lists no unit test in %s" % BUILD)
    say("running %d unit tests without a change" % len(tests.programs))
    tests.baseline(slowest)
    return tests


def report(results, reasons):
    counts = {}
    for mutation, verdict, _ in results:
        if verdict in (SURVIVED, NO_TEST) and mutation.id in reasons:
            verdict = EXPLAINED_AWAY
        counts[verdict] = counts.get(verdict, 0) + 1
    valid = sum(n for verdict, n in counts.items() if verdict not in (SAME_CODE, NO_BUILD))
    held = counts.get(NOTICED, 0) + counts.get(EXPLAINED_AWAY, 0)
    say(", ".join("%d %s" % (n, verdict) for verdict, n in sorted(counts.items())))
    percent = 100.0 * held / valid if valid else 100.0
    say("%.1f %% of %d noticed or explained" % (percent, valid))
    return percent


def show(mutation, verdict, by):
    print("%-9s %s  %s:%d  %s%s\n  - %s\n  + %s" % (verdict, mutation.id, mutation.path, mutation.line, mutation.kind,
                                                   "  by " + by if by else "", mutation.before.strip(), mutation.after.strip()), flush=True)


def options_read():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0], description=None, add_help=False)
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--least", type=float, default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--slowest", type=float, default=60)
    parser.add_argument("-h", "--help", action="store_true")
    options = parser.parse_args()
    if options.help:
        print(__doc__.strip())
        sys.exit(0)
    options.paths = options.paths or ["common", "workers", "ops/cli"]
    return options


def main():
    options = options_read()
    os.nice(19)
    os.makedirs(WORK, exist_ok=True)
    tests = prepare(options.slowest)
    found = sites.find(COPY, BUILD, options.paths)
    if options.kind:
        found = [m for m in found if m.kind == options.kind]
    chosen = choose(found, options.count, options.seed)
    say("%d of %d possible mutations" % (len(chosen), len(found)))
    if options.list:
        for mutation in chosen:
            show(mutation, "", "")
        return 0
    reasons, path = explanations(), os.path.join(WORK, "results.jsonl")
    if options.again and os.path.exists(path):
        os.remove(path)
    known = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            known = {r["id"]: r for r in map(json.loads, file)}
    results = []
    for mutation in chosen:
        earlier = known.get(mutation.id)
        if earlier and earlier["verdict"] in (NOTICED, SAME_CODE, NO_BUILD):  # a survivor is tried again: a test may have come
            results.append((mutation, earlier["verdict"], earlier["by"]))
            continue
        verdict, by = judge(tests, mutation, options.quick)
        if verdict in (SURVIVED, NO_TEST) and is_same_code(tests, mutation):
            verdict = SAME_CODE
        results.append((mutation, verdict, by))
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"id": mutation.id, "verdict": verdict, "by": by}) + "\n")
        shown = EXPLAINED_AWAY if verdict in (SURVIVED, NO_TEST) and mutation.id in reasons else verdict
        show(mutation, shown, reasons[mutation.id] if shown == EXPLAINED_AWAY else by)
    tests.build(tests.programs)  # what is left behind is the tree as it is
    return 0 if report(results, reasons) >= options.least else 1


sys.exit(main())
