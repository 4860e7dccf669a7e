"""Avro in single-object encoding, read by its specification alone: not a line of this is shared with the product's codec, which it judges."""

import json

CRC_EMPTY = 0xC15D213AA4D7A795
PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}


class Malformed(Exception):
    """These bytes are no record of this schema."""


class Schema:
    def __init__(self, text):
        self.names = {}
        self.root = self._resolve(json.loads(text), "")
        self.fingerprint = _crc64(self._canonical(self.root, set()).encode()).to_bytes(8, "little")

    def _resolve(self, node, space):
        """The schema with full names, each definition remembered."""
        if isinstance(node, list):
            return [self._resolve(branch, space) for branch in node]
        if isinstance(node, str):
            return node if node in PRIMITIVES else self._full(node, space)
        kind = node["type"]
        if kind not in ("record", "enum", "fixed"):
            if kind == "array":
                return {"type": "array", "items": self._resolve(node["items"], space)}
            if kind == "map":
                return {"type": "map", "values": self._resolve(node["values"], space)}
            return self._resolve(kind, space)  # a logical type: read as what it is made of
        name = self._full(node["name"], node.get("namespace", space))
        made = self.names[name] = {"name": name, "type": kind}
        if kind == "enum":
            made["symbols"] = node["symbols"]
        if kind == "record":
            inner = name.rpartition(".")[0]
            made["fields"] = [(f["name"], self._resolve(f["type"], inner)) for f in node["fields"]]
        return made

    @staticmethod
    def _full(name, space):
        return name if "." in name or not space else f"{space}.{name}"

    def _canonical(self, node, seen):
        """Parsing Canonical Form."""
        if isinstance(node, list):
            return "[" + ",".join(self._canonical(branch, seen) for branch in node) + "]"
        if isinstance(node, str):
            return json.dumps(node)
        if node["type"] == "array":
            return '{"type":"array","items":' + self._canonical(node["items"], seen) + "}"
        if node["name"] in seen:
            return json.dumps(node["name"])
        seen.add(node["name"])
        head = '{"name":' + json.dumps(node["name"]) + ',"type":"' + node["type"] + '"'
        if node["type"] == "enum":
            return head + ',"symbols":' + json.dumps(node["symbols"], separators=(",", ":")) + "}"
        fields = ('{"name":' + json.dumps(n) + ',"type":' + self._canonical(t, seen) + "}" for n, t in node["fields"])
        return head + ',"fields":[' + ",".join(fields) + "]}"

    def read(self, data):
        """The value of a framed record; Malformed when it is none."""
        if data[:2] != b"\xc3\x01":
            raise Malformed("not single-object encoding")
        if data[2:10] != self.fingerprint:
            raise Malformed("another schema")
        value, at = self._value(self.root, data, 10)
        if at != len(data):
            raise Malformed("bytes behind the end")
        return value

    def _value(self, node, data, at):
        if isinstance(node, list):
            branch, at = _long(data, at)
            if not 0 <= branch < len(node):
                raise Malformed("no such branch")
            return self._value(node[branch], data, at)
        if isinstance(node, str):
            return _primitive(node, data, at) if node in PRIMITIVES else self._value(self.names[node], data, at)
        if node["type"] == "record":
            made = {}
            for name, inner in node["fields"]:
                made[name], at = self._value(inner, data, at)
            return made, at
        if node["type"] == "enum":
            symbol, at = _long(data, at)
            if not 0 <= symbol < len(node["symbols"]):
                raise Malformed("no such symbol")
            return node["symbols"][symbol], at
        items = []
        while True:
            count, at = _long(data, at)
            if count == 0:
                return items, at
            if count < 0:
                _, at = _long(data, at)
            for _ in range(abs(count)):
                item, at = self._value(node["items"], data, at)
                items.append(item)


def _primitive(name, data, at):
    if name == "null":
        return None, at
    if name == "boolean":
        if at >= len(data) or data[at] > 1:
            raise Malformed("no boolean")
        return data[at] == 1, at + 1
    if name in ("int", "long"):
        return _long(data, at)
    if name not in ("string", "bytes"):
        raise Malformed(f"{name} is not used here")
    size, at = _long(data, at)
    if size < 0 or at + size > len(data):
        raise Malformed("cut off")
    raw = bytes(data[at:at + size])
    try:
        return (raw.decode() if name == "string" else raw), at + size
    except UnicodeDecodeError as wrong:
        raise Malformed("not UTF-8") from wrong


def _long(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("cut off")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at


def _table():
    made = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (CRC_EMPTY if i & 1 else 0)
        made.append(i)
    return made


def _crc64(data, table=tuple(_table())):
    crc = CRC_EMPTY
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc
