"""Values in Avro single-object encoding, read with the schemas of the tree. As small as the topics that are read during a run need it."""

import functools
import json
import struct

from stack import TREE

MAGIC = b"\xc3\x01"
HEAD = 10  # MAGIC and the schema's fingerprint


@functools.cache
def schema(name):
    return json.loads((TREE / "schemas" / f"{name}.avsc").read_text())


def decode(name, data):
    """The value of a record whose writer had the tree's schema of this name."""
    return _value(schema(name), data, HEAD, {})[0]


def _long(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value >> 1 ^ -(value & 1), at


def _blocks(kind, data, at, names):
    found = []
    while True:
        count, at = _long(data, at)
        if count == 0:
            return found, at
        if count < 0:
            _, at = _long(data, at)
        for _ in range(abs(count)):
            value, at = _value(kind, data, at, names)
            found.append(value)


def _value(kind, data, at, names):
    if isinstance(kind, list):
        branch, at = _long(data, at)
        return _value(kind[branch], data, at, names)
    if isinstance(kind, str):
        if kind in names:
            return _value(names[kind], data, at, names)
        return _simple(kind, data, at)
    names[kind.get("name", "")] = kind
    if kind["type"] == "record":
        made = {}
        for field in kind["fields"]:
            made[field["name"]], at = _value(field["type"], data, at, names)
        return made, at
    if kind["type"] == "array":
        return _blocks(kind["items"], data, at, names)
    if kind["type"] == "enum":
        number, at = _long(data, at)
        return kind["symbols"][number], at
    return _value(kind["type"], data, at, names)


def _simple(kind, data, at):
    if kind in ("int", "long"):
        return _long(data, at)
    if kind in ("string", "bytes"):
        size, at = _long(data, at)
        piece = bytes(data[at:at + size])
        return (piece.decode() if kind == "string" else piece), at + size
    if kind == "boolean":
        return data[at] == 1, at + 1
    if kind == "double":
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == "null":
        return None, at
    raise ValueError(f"Avro's {kind} is not read here")
