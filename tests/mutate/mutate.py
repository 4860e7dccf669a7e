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
  --jobs N          so many at once (one for each processor)
  --again           forget the results so far; without it a run that was stopped is resumed

What a mutation survives is a line that no unit test holds. Explained survivors are in tests/mutate/explained.txt.
It works on a copy of the tree (build/mutate/tree) with a build of its own, at the lowest priority. A change costs
the compilation of its file, then linking and running one after the other of the tests that link it, until one fails.
"""
import argparse
import hashlib
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from multiprocessing.pool import ThreadPool

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sites  # noqa: E402

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(TREE, "build", "mutate")
COPY, BUILD = os.path.join(WORK, "tree"), os.path.join(WORK, "build")
EXPLAINED = os.path.join(TREE, "tests", "mutate", "explained.txt")
QUICK_SECONDS = 1
MEMORY_MB_MAX = 3000
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]  # of the file that is changed: as preset asan notices it
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


class Test:
    """A cmocka program of the label unit: how it is linked, of which objects, and how long it takes."""

    def __init__(self, name, program):
        self.name, self.program = name, program
        self.link = []        # the words that link it, run in BUILD
        self.members = set()  # ARCHIVE(OBJECT) that it is linked of
        self.seconds = 0      # of the processor, at most: a busy machine makes no test slow
        self.is_sanitized = False  # it passes under the sanitizers, too

    def passes(self, program, cpu_seconds):
        """One that never ends is stopped by the processor's time, so that a busy machine stops none that would."""
        began = os.times()
        code, output = run(["prlimit", "--cpu=%d" % cpu_seconds, "env", "ASAN_OPTIONS=hard_rss_limit_mb=%d" % MEMORY_MB_MAX, program],
                           20 + 10 * cpu_seconds)
        ended = os.times()
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            output = TIMED_OUT
        return code == 0, ended.children_user + ended.children_system - began.children_user - began.children_system, output

    def fails(self, program):
        """Twice, so that it is no accident; a test that does not end does so once."""
        cpu_seconds = int(3 + 5 * self.seconds)
        passed, _, output = self.passes(program, cpu_seconds)
        return not passed and (output == TIMED_OUT or not self.passes(program, cpu_seconds)[0])

    def link_as(self, program, before, more):
        words = list(self.link)
        words[words.index("-o") + 1] = program
        first = next(i for i, word in enumerate(words) if word.endswith(".a"))
        return run(words[:first] + before + words[first:] + more, cwd=BUILD)

    def link_with(self, mutants, program):
        """As the build links it, but the mutant takes the place of the archive's member: what comes first defines it."""
        return self.link_as(program, [mutants[self.is_sanitized]], SANITIZERS if self.is_sanitized else [])

    def learn(self, slowest):
        """What passes without any change, how quickly, and of what it is made. None: it does not pass."""
        with tempfile.TemporaryDirectory(dir=WORK) as folder:
            program, map_path = os.path.join(folder, "program"), os.path.join(folder, "map")
            code, output = self.link_as(program, [], [*SANITIZERS, "-Wl,-Map=" + map_path])
            if code != 0:
                raise RuntimeError(output)
            with open(map_path, encoding="utf-8", errors="replace") as file:
                members = set(re.findall(r"^(?:\./)?(\S+\.a\([^)\s]+\.o\))", file.read(), re.MULTILINE))
            for is_sanitized, what in (True, program), (False, self.program):
                passed, seconds, output = self.passes(what, slowest)
                if passed:
                    return {"seconds": seconds, "members": sorted(members), "is_sanitized": is_sanitized}
        say("%s is left out: it fails or takes longer than %d s without any change\n%s" % (self.name, slowest, output[-300:]))
        return None


class Tests:
    """All of them, and the sources that they are made of."""

    def __init__(self):
        _, text = run(["ctest", "--show-only=json-v1", "-L", "^unit$"], cwd=BUILD)
        self.all = []
        for test in json.loads(text)["tests"]:
            program = test.get("command", [""])[0]
            if program.startswith(BUILD + "/tests/") and len(test["command"]) == 1:
                self.all.append(Test(test["name"], program))
        self.read_links()
        self.compiled = {}  # source → its compile commands
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            for entry in json.load(file):
                self.compiled.setdefault(entry["file"], []).append(shlex.split(entry["command"]))
        self.noticed = {}  # source, test → so many mutations of it were noticed by that

    def read_links(self):
        _, text = run(["ninja", "-t", "commands", *(os.path.relpath(t.program, BUILD) for t in self.all)], cwd=BUILD)
        links = {}
        for line in text.split("\n"):
            if line.startswith(": && ") and " -o tests/" in line:
                words = shlex.split(line.removeprefix(": && ").removesuffix(" && :"))
                links[words[words.index("-o") + 1]] = words
        for test in self.all:
            test.link = links[os.path.relpath(test.program, BUILD)]

    def baseline(self, slowest, jobs):
        """A program that was seen before need not run again."""
        path, known = os.path.join(WORK, "baseline.json"), {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                known = json.load(file)

        def look(test):
            with open(test.program, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            return test, digest, known.get(digest) or test.learn(slowest)

        passed = []
        with ThreadPool(jobs) as pool:
            for test, digest, what in pool.imap_unordered(look, self.all):
                if what is None:
                    continue
                test.seconds, test.members, test.is_sanitized = what["seconds"], set(what["members"]), what["is_sanitized"]
                passed.append(test)
                if digest not in known:  # kept at once: a run may be stopped
                    known[digest] = what
                    with open(path, "w", encoding="utf-8") as file:
                        json.dump(known, file)
        self.all = passed

    def compile_words(self, path):
        return self.compiled[os.path.join(COPY, path)][0]

    def members_of(self, path):
        """What a source is called in the archives: DIR/CMakeFiles/TARGET.dir/SUB/FILE.c.o is DIR/libTARGET.a(FILE.c.o)."""
        members = set()
        for words in self.compiled[os.path.join(COPY, path)]:
            folder, _, rest = words[words.index("-o") + 1].partition("/CMakeFiles/")
            target, _, file = rest.partition(".dir/")
            members.add("%s/lib%s.a(%s)" % (folder, target, os.path.basename(file)))
        return members

    def of(self, path, is_quick):
        """The tests that link the file, the likeliest to notice first: those that did, then by their names, then the quick ones."""
        members = self.members_of(path)
        folder, file = os.path.split(path)
        stem, folder = os.path.splitext(file)[0], os.path.basename(folder).rstrip("s")

        def rank(test):
            return 0 if stem in test.name else 1 if folder in test.name else 2

        linked = [t for t in self.all if t.members & members]
        if is_quick:
            linked = [t for t in linked if rank(t) < 2 or t.seconds < QUICK_SECONDS]
        return sorted(linked, key=lambda t: (-self.noticed.get((path, t.name), 0), rank(t), t.seconds))


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


def mutated(mutation):
    with open(os.path.join(COPY, mutation.path), "rb") as file:
        original = file.read()
    return original, original[:mutation.start] + mutation.new.encode() + original[mutation.end:]


def compile_as(tests, mutation, text, folder, more, target, words=None):
    """In a folder of its own: the tree stays as it is, and many can be tried at once."""
    source = os.path.join(folder, os.path.basename(mutation.path))
    with open(source, "wb") as file:
        file.write(text)
    words = list(words or tests.compile_words(mutation.path))
    words[words.index("-o") + 1], words[words.index("-c") + 1] = target, source
    return run(words + ["-iquote", os.path.dirname(os.path.join(COPY, mutation.path)), *more], cwd=BUILD)


def judge(tests, mutation, is_quick):
    """The verdict, and the test that noticed."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        mutants = {is_sanitized: os.path.join(folder, "%s.o" % is_sanitized) for is_sanitized in (False, True)}
        program = os.path.join(folder, "program")
        original, changed = mutated(mutation)
        if compile_as(tests, mutation, changed, folder, SANITIZERS, mutants[True])[0] != 0:
            return NO_BUILD, ""
        linked = tests.of(mutation.path, is_quick)
        for test in linked:
            if not test.is_sanitized and not os.path.exists(mutants[False]):
                compile_as(tests, mutation, changed, folder, [], mutants[False])
            code, output = test.link_with(mutants, program)
            if code != 0:
                raise RuntimeError("%s does not link with %s\n%s" % (test.name, mutation.path, output[-1000:]))
            if test.fails(program):
                tests.noticed[mutation.path, test.name] = tests.noticed.get((mutation.path, test.name), 0) + 1
                return NOTICED, test.name
        if is_warned_of(tests, mutation, changed, folder):
            return NO_BUILD, ""
        codes = [code_of(tests, mutation, text, folder) for text in (original, changed)]
        return SAME_CODE if codes[0] == codes[1] else SURVIVED if linked else NO_TEST, ""


def is_warned_of(tests, mutation, text, folder):
    """The project's own build refuses it: there, warnings are errors, and here only what no test notices is built so."""
    words = [word for word in tests.compile_words(mutation.path) if word != "-w"]
    return compile_as(tests, mutation, text, folder, ["-g", "-fsyntax-only"], os.devnull, words)[0] != 0


def code_of(tests, mutation, text, folder):
    """What the compiler makes of it. The same of both: it proves that both mean the same. Asked of what no test notices."""
    _, output = compile_as(tests, mutation, text, folder, ["-O2", "-S"], "-")
    return "\n".join(l for l in output.split("\n") if not l.lstrip().startswith((".file", ".loc", ".ident")))


def prepare(slowest, jobs):
    say("copying the tree, building its unit tests")
    copy_tree()
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        code, output = run(["cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DPF_FAILPOINTS=ON",
                            "-DBUILD_TESTING=ON", "-DCMAKE_C_FLAGS=-w -g0", "-DCMAKE_C_FLAGS_DEBUG=",
                            "-DCMAKE_EXE_LINKER_FLAGS=" + ("-fuse-ld=gold" if shutil.which("ld.gold") else "")], cwd=TREE)  # a quarter of the time
        if code != 0:
            sys.exit(output)
    code, output = run(["ninja", "-C", BUILD, "-j%d" % jobs], timeout=3600)  # first: ctest lists no command of a program that is not built
    if code != 0:
        sys.exit(output[-3000:])
    tests = Tests()
    if not tests.all:
        sys.exit("mutate: ctest lists no unit test in %s" % BUILD)
    say("running %d unit tests without a change" % len(tests.all))
    tests.baseline(slowest, jobs)
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
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
    tests = prepare(options.slowest, options.jobs)
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
    results, to_judge = [], []
    for mutation in chosen:
        earlier = known.get(mutation.id)
        if earlier and earlier["verdict"] in (NOTICED, SAME_CODE, NO_BUILD):  # a survivor is tried again: a test may have come
            results.append((mutation, earlier["verdict"], earlier["by"]))
        else:
            to_judge.append(mutation)
    with ThreadPool(options.jobs) as pool:
        for mutation, (verdict, by) in pool.imap_unordered(lambda m: (m, judge(tests, m, options.quick)), to_judge):
            results.append((mutation, verdict, by))
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"id": mutation.id, "verdict": verdict, "by": by}) + "\n")
            shown = EXPLAINED_AWAY if verdict in (SURVIVED, NO_TEST) and mutation.id in reasons else verdict
            show(mutation, shown, reasons[mutation.id] if shown == EXPLAINED_AWAY else by)
    return 0 if report(results, reasons) >= options.least else 1


sys.exit(main())
