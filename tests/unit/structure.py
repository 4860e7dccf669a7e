#!/usr/bin/env python3
"""The house keeps its order: no circle of files, and no arrow that points up.

usage: structure.py BUILD-FOLDER

  - Rooms stand in the order of ROOMS: a file includes, and calls, what is in its own room or in one above it in the list, but for rooms
    that are APART.
  - No files call each other in a circle: what a function calls is read from the objects of the build (relocations of their code; a table of
    function pointers is data, and no call). No headers include each other in a circle.

What is known not to be so stands in CIRCLES and UP, with the reason. The first other one fails; one that is so no more is to be taken out.
"""

import re
import subprocess
import sys
from collections import defaultdict
from os.path import commonprefix
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]

# From what everything stands on to what nothing stands on.
ROOMS = [
    "common/base",
    "common/config",
    "common/obs",
    "common/codec",
    "common/kafka",
    "common/redis",
    "common/idempotency",
    "common/prima",
    "common/domain",
    "common/flow",
    "common/host",
    "common/schedule",
    "common/table",
    "common/stream",
    "common/worker",
    "common/posting",
    "common/facts",
    "workers/orders",
    "workers/refunds",
    "workers/pollers",
    "workers/stock",
    "workers",
    "ops/core",
    "ops/import/common",
    "ops/import/shopify",
    "ops/import/bigcommerce",
    "ops/testdata",
    "ops/cli",
    "ops/sandbox",
]

# Rooms of which the first needs nothing of the second, though it stands below: a worker and its engine meet in common/stream alone.
APART = {("common/posting", "common/worker"), ("common/facts", "common/worker")}

# Circles of files that are there, each by all its files, and why.
CIRCLES = {}

# Arrows up that are there: (file, what it includes or calls) and why.
UP = {}


def sources():
    """Every C file of the rooms, by its path in the tree."""
    return sorted(str(path.relative_to(TREE)) for top in ("common", "workers", "ops") for path in (TREE / top).rglob("*.[ch]"))


def room_of(file):
    """The longest name in ROOMS that the file stands in."""
    return max((room for room in ROOMS if file.startswith(room + "/")), key=len, default=None)


def includes(files):
    """file → the files of ours that it includes."""
    known, graph = set(files), defaultdict(set)
    for file in files:
        for name in re.findall(r'^#include "([^"]+)"', (TREE / file).read_text(), re.MULTILINE):
            near = str((Path(file).parent / name))
            places = [near, f"common/{name}"] + [f"{room}/{name}" for room in ROOMS]
            found = next((place for place in places if place in known), None)
            if found is not None:
                graph[file].add(found)
    return graph


def objects(build, files):
    """(source, object) of each source that the build has compiled."""
    known = set(files)
    for path in sorted(build.rglob("*.o")):
        source = re.sub(r"CMakeFiles/[^/]+\.dir/", "", str(path.relative_to(build)))[:-2]
        if source in known:
            yield source, path


def lines_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def defined_names(paths):
    """name → the objects that define it for others."""
    found = defaultdict(list)
    for line in lines_of("nm", "-A", "-P", "--defined-only", "--extern-only", *paths):
        path, name, kind = line.split()[:3]
        if kind in "TDBRCW":
            found[name].append(path.rstrip(":"))
    return found


def wanted_names(paths):
    """(object, name) of each symbol that an object's code refers to."""
    path, in_code = None, False
    for line in lines_of("readelf", "-rW", *paths):
        if line.startswith("File: "):
            path, in_code = line.removeprefix("File: "), False
        elif line.startswith("Relocation section"):
            in_code = "'.rela.text" in line or "'.rel.text" in line
        elif in_code and len(fields := line.split()) > 4:
            yield path, fields[4].split("@")[0]


def nearest(source, others):
    """Programs that are never linked together may each have a function of one name: the one that stands nearest is meant."""
    return max(others, key=lambda other: len(commonprefix([source, other])))


def calls(build, files):
    """source → {the source that defines what it calls: a name}."""
    source_of = {str(path): source for source, path in objects(build, files)}
    defined = {name: [source_of[path] for path in paths] for name, paths in defined_names(source_of).items()}
    graph = defaultdict(dict)
    for path, name in set(wanted_names(source_of)):
        source = source_of[path]
        if name in defined and (other := nearest(source, defined[name])) != source:
            graph[source][other] = name
    return graph, set(source_of.values())


def circles(graph):
    """Strongly connected groups of more than one file (Tarjan)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
                on_stack.discard(group[-1])
            if len(group) > 1:
                found.append(" ".join(sorted(group)))

    for node in list(graph):
        if node not in index:
            visit(node)
    return found


def arrows_up(graph):
    """(file, other) where other's room stands below file's own in the list, or is apart from it."""
    order = {room: place for place, room in enumerate(ROOMS)}
    for file, others in sorted(graph.items()):
        for other in sorted(others):
            if order[room_of(other)] > order[room_of(file)] or (room_of(file), room_of(other)) in APART:
                yield file, other


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 64
    sys.setrecursionlimit(10000)
    build, files, faults = Path(sys.argv[1]).resolve(), sources(), []
    faults += [f"{file} stands in no room: give its folder a place in ROOMS" for file in files if room_of(file) is None]
    if faults:
        print("\n".join(faults))
        return 1
    included = includes(files)
    called, compiled = calls(build, files)
    missing = [file for file in files if file.endswith(".c") and file not in compiled]
    faults += [f"{file} is compiled into nothing" for file in missing]
    there = circles(called) + circles(included)
    for circle in there:
        if circle not in CIRCLES:
            arrows = [f"    {file} calls {called[file][other]} of {other}" for file in circle.split() for other in sorted(called.get(file, {})) if other in circle.split()]
            faults.append("\n".join([f"a circle: {circle}", *arrows]))
    notes = [f"no circle any more, take it out of CIRCLES: {circle}" for circle in CIRCLES if circle not in there]
    up = list(dict.fromkeys([*arrows_up(included), *arrows_up(called)]))
    faults += [f"an arrow up: {file} → {other}" for file, other in up if (file, other) not in UP]
    notes += [f"no arrow up any more, take it out of UP: {file} → {other}" for file, other in UP if (file, other) not in up]
    print("\n".join(notes + faults) if faults else f"{len(files)} files in {len(ROOMS)} rooms: no circle but {len(CIRCLES)} that are known, no arrow up but {len(UP)}")
    if notes and not faults:
        print("\n".join(notes))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
