"""Where a C file can be changed by one line so that it means something else; found on clang's syntax tree."""
import hashlib
import json
import os
import re
import shlex
from dataclasses import dataclass

from clang import cindex
from clang.cindex import CursorKind as Kind
from clang.cindex import TypeKind

OPERATORS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
             "+": "-", "-": "+", "+=": "-=", "-=": "+="}
KINDS = {"<": "relation", "<=": "relation", ">": "relation", ">=": "relation", "==": "relation", "!=": "relation",
         "&&": "logic", "||": "logic", "+": "arithmetic", "-": "arithmetic", "+=": "arithmetic", "-=": "arithmetic"}
LARGE = 100  # a time, a size or a scale: one more of it is no other meaning, none of it is
ROOM = ("calloc", "malloc", "realloc", "arena_alloc")  # one more of it says nothing; of one less the sanitizer tells
CONDITIONS = (Kind.IF_STMT, Kind.WHILE_STMT, Kind.CONDITIONAL_OPERATOR)
INTEGERS = (TypeKind.INT, TypeKind.UINT, TypeKind.LONG, TypeKind.ULONG, TypeKind.LONGLONG, TypeKind.SHORT, TypeKind.USHORT,
            TypeKind.UCHAR, TypeKind.SCHAR, TypeKind.CHAR_S)


@dataclass(frozen=True)
class Mutation:
    path: str  # from the tree's top
    line: int
    kind: str
    start: int  # bytes in the file
    end: int
    old: str
    new: str
    before: str  # the line that changes, and what becomes of it
    after: str

    @property
    def id(self):
        """Stays when lines above it are added or removed."""
        text = "\0".join((self.path, self.kind, self.old, self.new, self.before.strip(), self.after.strip()))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def compile_arguments(build):
    """source file → the arguments that clang needs of its compile command."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    wanted = {}
    for entry in commands:
        words, kept = shlex.split(entry["command"])[1:], []
        for i, word in enumerate(words):
            if word.startswith(("-D", "-I", "-std")):
                kept.append(word)
            elif word in ("-isystem", "-include"):
                kept += [word, words[i + 1]]
        wanted.setdefault(entry["file"], kept)
    return wanted


class Finder:
    """All sites of one file."""

    def __init__(self, tree, path, arguments):
        self.path = path
        self.absolute = os.path.join(tree, path)
        with open(self.absolute, "rb") as file:
            self.bytes = file.read()
        unit = cindex.Index.create().parse(self.absolute, args=arguments)
        self.found = []
        self.extremes = set()  # where a comparison chooses the smaller or the greater of what it compares
        self.rooms = 0  # how many allocations we stand in
        for cursor in unit.cursor.get_children():
            if cursor.kind == Kind.FUNCTION_DECL and cursor.is_definition() and self.is_here(cursor):
                self.walk(cursor)

    def is_here(self, cursor):
        file = cursor.extent.start.file
        return file is not None and os.path.samefile(file.name, self.absolute)

    def text(self, start, end):
        return self.bytes[start:end].decode("utf-8", "replace")

    def text_of(self, cursor):
        return self.text(cursor.extent.start.offset, cursor.extent.end.offset)

    def add(self, kind, start, end, new):
        old = self.text(start, end)
        line_start = self.bytes.rfind(b"\n", 0, start) + 1
        line_end = self.bytes.find(b"\n", end)
        before = self.text(line_start, line_end)
        after = self.text(line_start, start) + new + self.text(end, line_end)
        line = self.bytes.count(b"\n", 0, start) + 1
        self.found.append(Mutation(self.path, line, kind, start, end, old, new, before, after))

    def walk(self, cursor):
        children = list(cursor.get_children())
        if cursor.kind == Kind.CONDITIONAL_OPERATOR:
            self.chooses(children)
        if cursor.kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
            self.operator(children)
        elif cursor.kind == Kind.INTEGER_LITERAL:
            self.constant(cursor)
        elif cursor.kind in CONDITIONS and children:
            self.condition(children[0])
        elif cursor.kind == Kind.COMPOUND_STMT:
            for child in children:
                self.statement(child)
        elif cursor.kind == Kind.CALL_EXPR:
            self.arguments(cursor)
        elif cursor.kind == Kind.RETURN_STMT and children:
            self.returned(children[0])
        is_room = cursor.kind == Kind.CALL_EXPR and cursor.spelling in ROOM
        self.rooms += is_room
        for child in children:
            if not self.is_size(cursor, child):
                self.walk(child)
        self.rooms -= is_room

    def is_size(self, cursor, child):
        """An array's size in its declaration: one element more or less says nothing."""
        return (cursor.kind in (Kind.VAR_DECL, Kind.PARM_DECL) and child.kind.is_expression()
                and self.text(0, child.extent.start.offset).rstrip().endswith(("[", "[static")))

    def chooses(self, parts):
        """a < b ? a : b: of two equal numbers either is the smaller."""
        compared = list(parts[0].get_children()) if parts and parts[0].kind == Kind.BINARY_OPERATOR else []
        if len(parts) == 3 and len(compared) == 2 and {self.text_of(c) for c in compared} == {self.text_of(p) for p in parts[1:]}:
            self.extremes.add(compared[0].extent.end.offset)

    def operator(self, operands):
        start, end = operands[0].extent.end.offset, operands[1].extent.start.offset
        if start in self.extremes:
            return
        between = self.text(start, end)
        name = between.strip()
        if name in OPERATORS:  # else it comes out of a macro, or a comment stands there
            at = start + len(between) - len(between.lstrip())
            self.add(KINDS[name], at, at + len(name), OPERATORS[name])

    def constant(self, cursor):
        text, start, end = self.text_of(cursor), cursor.extent.start.offset, cursor.extent.end.offset
        if text in ("true", "false"):
            self.add("constant", start, end, "false" if text == "true" else "true")
        elif text.isdigit() and int(text) >= LARGE:
            self.add("constant", start, end, "0")
        elif text.isdigit():
            if self.rooms == 0:
                self.add("constant", start, end, str(int(text) + 1))
            if int(text) > 1:
                self.add("constant", start, end, str(int(text) - 1))

    def condition(self, cursor):
        text = self.text_of(cursor)
        if text and self.is_whole(text):
            self.add("negation", cursor.extent.start.offset, cursor.extent.end.offset, "!(%s)" % text)

    @staticmethod
    def is_whole(text):
        """Parentheses match: no half of a macro's call."""
        depth = 0
        for c in text:
            depth += (c == "(") - (c == ")")
            if depth < 0:
                return False
        return depth == 0 and "#" not in text

    def statement(self, cursor):
        text = self.text_of(cursor)
        is_call = cursor.kind == Kind.CALL_EXPR or (cursor.kind == Kind.CSTYLE_CAST_EXPR and text.startswith("(void)") and "(" in text[6:])
        is_assignment = cursor.kind == Kind.COMPOUND_ASSIGNMENT_OPERATOR or (
            cursor.kind == Kind.BINARY_OPERATOR and self.is_assignment(cursor))
        end = cursor.extent.end.offset
        if (is_call or is_assignment) and self.is_whole(text) and self.text(end, end + 1) == ";" and not text.startswith(("assert", "fail_")):
            self.add("deleted call" if is_call else "deleted assignment", cursor.extent.start.offset, end, "(void)0")

    def is_assignment(self, cursor):
        operands = list(cursor.get_children())
        return len(operands) == 2 and self.text(operands[0].extent.end.offset, operands[1].extent.start.offset).strip() == "="

    def is_symmetric(self, cursor):
        """Whether two strings are equal is the same question either way round; so is a sum, and the size of an array."""
        if cursor.spelling in ("calloc", "__builtin_add_overflow", "__builtin_mul_overflow"):
            return True
        name, behind = cursor.spelling, self.text(cursor.extent.end.offset, cursor.extent.end.offset + 80)
        return name in ("strcmp", "strncmp", "strcasecmp", "memcmp") and re.match(r"\s*[!=]=\s*0", behind) is not None

    def arguments(self, cursor):
        if self.is_symmetric(cursor):
            return
        given = list(cursor.get_arguments())
        for a, b in zip(given, given[1:]):
            if a is None or b is None or a.type.get_canonical().spelling != b.type.get_canonical().spelling:
                continue
            first, second = self.text_of(a), self.text_of(b)
            if first == second or not first or not second or not self.is_whole(first) or not self.is_whole(second):
                continue
            start, end = a.extent.start.offset, b.extent.end.offset
            if start < a.extent.end.offset <= b.extent.start.offset < end:
                between = self.text(a.extent.end.offset, b.extent.start.offset)
                self.add("swapped arguments", start, end, second + between + first)

    def returned(self, cursor):
        kind, text = cursor.type.get_canonical().kind, self.text_of(cursor)
        if not text or not self.is_whole(text) or text in ("true", "false") or text.isdigit():
            return  # a constant is one already
        if kind == TypeKind.BOOL:
            for new in ("true", "false"):
                self.add("returned constant", cursor.extent.start.offset, cursor.extent.end.offset, new)
        elif kind in INTEGERS or kind == TypeKind.POINTER and text != "NULL":
            self.add("returned constant", cursor.extent.start.offset, cursor.extent.end.offset, "0")


def find(tree, build, paths):
    """Every site of the C files under `paths`, each mutation once."""
    arguments, found = compile_arguments(build), {}
    for absolute in sorted(arguments):
        path = os.path.relpath(absolute, tree)
        if path.startswith("..") or not any(path == p or path.startswith(p.rstrip("/") + "/") for p in paths):
            continue
        for mutation in Finder(tree, path, arguments[absolute]).found:
            found.setdefault(mutation.id, mutation)
    return list(found.values())
