#!/usr/bin/env python3
"""Nobody leaves the other behind: the scripts, the life table's acts and rows, and the models' commands and rules are those of commands.txt."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LIFE = "common/posting/transitions.c"
SCRIPTS = ("common/idempotency/scripts", "common/facts/scripts")


def read_list(text):
    """{(kind, name): (names in the models, why none)} and what is wrong with the list itself."""
    listed, wrong = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(script|act|row|rule|model|credit) +(\w+(?: \w+)?) *(?:: *([^-]*?))?(?: *(?:^|(?<= ))- *(.+))?", line)
        if match is None:
            wrong.append(f"commands.txt:{number}: not a row: {line}")
            continue
        kind, name, names, why = match.groups()
        if (kind, name) in listed:
            wrong.append(f"commands.txt:{number}: {kind} {name} stands there twice")
        if not names and not why:
            wrong.append(f"commands.txt:{number}: {kind} {name}: neither what stands for it nor why nothing does")
        listed[kind, name] = ([] if kind in ("model", "credit") else (names or "").split(), why)
    return listed, wrong


def in_code(root):
    life = (root / LIFE).read_text()
    rows = re.findall(r"^ *ROW\((\w+), *(\w+), *\w+, *(\w+)\)", life, re.M)
    found = {("script", path.stem) for folder in SCRIPTS for path in (root / folder).glob("*.lua")}
    found |= {("row", f"{was} {happened}") for was, happened, _ in rows}
    found |= {("act", act) for _, _, act in rows if act != "NULL"}
    wrong = [] if rows else [f"{LIFE}: no ROW(from, event, to, action) is found: has the table changed its form?"]
    for folder in SCRIPTS:
        if not any((root / folder).glob("*.lua")):
            wrong.append(f"{folder}: no script is there")
    return found, wrong


def in_model(here):
    """Words and commands; those of credit.pml, a model of its own, begin with "credit/"."""
    words = set()
    for path in here.glob("*.pml"):
        own = "credit/" if path.stem.startswith("credit") else ""
        words |= {own + word for word in re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S))}
    commands = set(re.findall(r"^inline (\w+)", (here / "worker.pml").read_text(), re.M))
    commands |= {"credit/" + name for name in re.findall(r"^inline (\w+)", (here / "credit.pml").read_text(), re.M)}
    return words, commands


def mutants_of(root):
    """Rules of the protocol that can be removed from the code, by name."""
    found = set()
    for path in [*(root / "common").rglob("*.c"), *(root / "common").rglob("*.lua"), *(root / "workers").rglob("*.c")]:
        found |= {a or b for a, b in re.findall(r'\bmutant\("(\w+)"\)|--mutant (\w+)', path.read_text())}
    return found


def rules_of_credit(root, here, listed):
    """Each switch of credit_rules.pml is one rule of the code, by the mutant that removes it, or the list says why none does."""
    rules = set(re.findall(r"^#ifndef (\w+)", (here / "credit_rules.pml").read_text(), re.M))
    mine = {name for kind, name in listed if kind == "rule"}
    wrong = [f"{name}: a switch of credit_rules.pml, not in commands.txt" for name in sorted(rules - mine)]
    wrong += [f"rule {name}: in commands.txt, no switch of credit_rules.pml" for name in sorted(mine - rules)]
    mutants = mutants_of(root)
    for name in sorted(mine):
        wrong += [f"rule {name}: no mutant of the code is {mutant}" for mutant in listed["rule", name][0] if mutant not in mutants]
    return wrong


def differences(root, here, text):
    listed, wrong = read_list(text)
    found, more = in_code(root)
    words, commands = in_model(here)
    wrong += more
    code = {key for key in listed if key[0] in ("script", "act", "row")}
    wrong += [f"{kind} {name}: in the code, not in commands.txt: what of the model stands for it?" for kind, name in sorted(found - code)]
    wrong += [f"{kind} {name}: in commands.txt, not in the code any more" for kind, name in sorted(code - found)]
    wrong += rules_of_credit(root, here, listed)
    used = {name for key in code for name in listed[key][0]}
    wrong += [f"{name}: named in commands.txt, not in the model" for name in sorted(used - words)]
    own = {("credit/" if kind == "credit" else "") + name for kind, name in listed if kind in ("model", "credit")}
    wrong += [f"{name}: a command of the model that stands for nothing in commands.txt" for name in sorted(commands - used - own)]
    wrong += [f"{name}: in commands.txt, not a command of the model" for name in sorted(own - commands)]
    return wrong


def sees_what_is_missing():
    """Each kind of difference is found: a check that cannot fail says nothing."""
    text = (HERE / "commands.txt").read_text()
    cases = {
        "script claim: in the code": text.replace("script claim ", "script clime ", 1),
        "script clime: in commands.txt": text.replace("script claim ", "script clime ", 1),
        "act act_post: in the code": re.sub(r"^act act_post .*\n", "", text, flags=re.M),
        "row SENT EXISTS: in the code": re.sub(r"^row SENT EXISTS .*\n", "", text, flags=re.M),
        "no_such_command: named": text.replace(": store_sent", ": no_such_command", 1),
        "new_token: a command of the model": re.sub(r"^model new_token .*\n", "", text, flags=re.M),
        "credit/read_on: a command of the model": re.sub(r"^credit read_on .*\n", "", text, flags=re.M),
        "credit/no_such_command: named": text.replace(" credit/reserve", " credit/no_such_command", 1),
        "STAMP_COMPARE: a switch of credit_rules.pml": re.sub(r"^rule STAMP_COMPARE .*\n", "", text, flags=re.M),
        "rule NO_SUCH_RULE: in commands.txt": text + "rule NO_SUCH_RULE : stamp_compare\n",
        "no mutant of the code is no_such_mutant": text.replace(": stamp_compare", ": no_such_mutant", 1),
        "stands there twice": text + "act act_post : SENDING\n",
        "not a row": text + "nonsense\n",
    }
    return [f"the check does not find: {words}" for words, changed in cases.items()
            if not any(words in line for line in differences(ROOT, HERE, changed))]


def main():
    wrong = differences(ROOT, HERE, (HERE / "commands.txt").read_text()) or sees_what_is_missing()
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
