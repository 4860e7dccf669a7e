#!/usr/bin/env python3
"""The man pages in docs/man are made from what each program prints for --help, which is made from its tables.

test_man.py BIN TREE           fails when a page is stale, or when man has a warning about it
test_man.py BIN TREE --write   writes the pages
"""
import os
import re
import shutil
import subprocess
import sys

PROGRAMS = {  # name: (one line for whatis, pages to see)
    "primaflow": ("look after primaflow's topics, records and configuration", ["primaflow-orders"]),
    "primaflow-orders": ("carry orders from Kafka to Prima, exactly once in effect", ["primaflow"]),
    "primaflow-refunds": ("carry refunds from Kafka to Prima, each one credit note", ["primaflow"]),
    "primaflow-poller": ("read Prima's stock and the statuses of orders on a schedule, into Kafka", ["primaflow"]),
    "primaflow-stock": ("make levels of stock per channel location of Prima's reads", ["primaflow", "primaflow-poller"]),
    "prima-sandbox": ("stand-in for Prima's SOAP service, for tests and demonstrations", ["primaflow"]),
}
ENTRY = re.compile(r"^  (\S.*?)(?:  +(\S.*))?$")  # "  --option VALUE   what it does"


def help_of(bin_folder, program, *words):
    command = [os.path.join(bin_folder, program), *words, "--help"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def is_entry(line):
    """An option or a command with its text, or an option alone."""
    match = ENTRY.match(line)
    return bool(match) and (bool(match.group(2)) or match.group(1).startswith("-"))


def paragraphs(lines):
    """Blocks of lines between empty ones."""
    block = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def block_text(block):
    """A block of --help as roff: a list where each line is an entry, else kept as it stands."""
    out = []
    heads = [line for line in block if not line.startswith("      ")]
    if all(is_entry(line) for line in heads):
        for line in block:
            match = ENTRY.match(line)
            if line.startswith("      ") and not match.group(1).startswith("-"):
                out.append(escaped(line.strip()))
                continue
            out += [".TP", "\\fB" + escaped(match.group(1)) + "\\fR"]
            if match.group(2):
                out.append(escaped(match.group(2)))
        return out
    return [".PP", ".nf", *(escaped(line) for line in block), ".fi"]


def body(text):
    usage, _, rest = text.partition("\n")
    return usage.removeprefix("usage: "), list(paragraphs(rest.split("\n")))


def commands_of(blocks):
    """The commands that primaflow --help lists: the first block of entries that are no options."""
    for block in blocks:
        if all(is_entry(line) and not line.startswith("  -") for line in block):
            return [ENTRY.match(line).group(1) for line in block]
    return []


def page(bin_folder, program):
    what, see = PROGRAMS[program]
    usage, blocks = body(help_of(bin_folder, program))
    out = [
        '.\\" Made by tests/unit/test_man.py from `%s --help`; do not edit.' % program,
        '.TH %s 1 "" "primaflow" "User Commands"' % escaped(program.upper()),
        ".SH NAME",
        "%s \\- %s" % (escaped(program), escaped(what)),
        ".SH SYNOPSIS",
        escaped(usage),
        ".SH DESCRIPTION",
    ]
    for block in blocks:
        out += block_text(block)
    commands = commands_of(blocks) if program == "primaflow" else []
    if commands:
        out.append(".SH COMMANDS")
    for command in commands:
        usage, blocks = body(help_of(bin_folder, program, *command.split()))
        out += [".SS " + escaped(command), escaped(usage)]
        for block in blocks:
            if not block[0].startswith("Options of every command"):
                out += block_text(block)
    out += [".SH SEE ALSO", ", ".join("\\fB%s\\fR(1)" % escaped(name) for name in see)]
    return "\n".join(out) + "\n"


def warnings_of(path):
    """What man has to say about a page; "" where there is no man."""
    if shutil.which("man") is None or shutil.which("groff") is None:
        return ""
    command = ["man", "--warnings", "--encoding=UTF-8", "--troff-device=utf8", "--ditroff", "--local-file", path]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60,
                            env={**os.environ, "LC_ALL": "C.UTF-8"})
    return result.stderr


def main():
    bin_folder, tree = sys.argv[1:3]
    failed = []
    for program in PROGRAMS:
        path = os.path.join(tree, "docs", "man", program + ".1")
        wanted = page(bin_folder, program)
        if sys.argv[3:] == ["--write"]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(wanted)
        found = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        if found != wanted:
            failed.append("docs/man/%s.1 is stale: run tests/unit/test_man.py BIN TREE --write" % program)
        elif warnings_of(path):
            failed.append(warnings_of(path))
    print("\n".join(failed) or "%d pages are current" % len(PROGRAMS))
    return 1 if failed else 0


sys.exit(main())
