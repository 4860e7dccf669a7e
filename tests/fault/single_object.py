"""Values in Avro single-object encoding, read with the schemas of the tree, older ones too. As small as the topics that are read during a run need it."""

import functools
import json
import struct

from stack import TREE

MAGIC = b"\xc3\x01"
HEAD = 10  # MAGIC and the schema's fingerprint
EMPTY = 0xC15D213AA4D7A795  # of CRC-64-AVRO: what it begins with, and its polynomial
SIMPLE = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")


@functools.cache
def schemas(name):
    """{fingerprint: schema} of every version that the tree has of this name."""
    paths = [TREE / "schemas" / f"{name}.avsc", *(TREE / "schemas" / "history").glob(f"{name}.v*.avsc")]
    return {fingerprint(one): one for one in (json.loads(path.read_text()) for path in paths)}


def decode(name, data):
    """The value of a record whose writer had one of the tree's schemas of this name."""
    return _value(schemas(name)[data[len(MAGIC):HEAD]], data, HEAD, {})[0]


def fingerprint(kind):
    """CRC-64-AVRO of the parsing canonical form, as it stands in a record's head."""
    crc = EMPTY
    for byte in _canonical(kind, kind.get("namespace", "")).encode():
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (EMPTY if crc & 1 else 0)
    return struct.pack("<Q", crc)


def _canonical(kind, space):
    if isinstance(kind, list):
        return "[" + ",".join(_canonical(one, space) for one in kind) + "]"
    if isinstance(kind, str):
        return json.dumps(kind if kind in SIMPLE or "." in kind or not space else f"{space}.{kind}")
    if kind["type"] in SIMPLE:
        return json.dumps(kind["type"])
    if kind["type"] == "array":
        return '{"type":"array","items":' + _canonical(kind["items"], space) + "}"
    head = '{"name":' + _canonical(kind["name"], space) + ',"type":' + json.dumps(kind["type"])
    if kind["type"] == "enum":
        return head + ',"symbols":' + json.dumps(kind["symbols"], separators=(",", ":")) + "}"
    fields = (f'{{"name":{json.dumps(f["name"])},"type":{_canonical(f["type"], space)}}}' for f in kind["fields"])
    return head + ',"fields":[' + ",".join(fields) + "]}"


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
