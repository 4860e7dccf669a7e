"""Avro's binary encoding from its specification, both ways, for what these tests need: an opinion about bytes that is not the product's.

Values as in JSON; bytes are bytes. A union's branch is the first that fits. Absent fields of a record take their default."""

import struct

PRIMITIVE = {"null": type(None), "boolean": bool, "int": int, "long": int, "float": float, "double": float, "bytes": bytes, "string": str}


def names_of(schema):
    """{name: schema} of what is defined in it: a name may be used where the branch that defines it was not taken."""
    if isinstance(schema, list):
        return {name: found for branch in schema for name, found in names_of(branch).items()}
    if not isinstance(schema, dict):
        return {}
    parts = [schema["type"], schema.get("items"), schema.get("values"), *(f["type"] for f in schema.get("fields", []))]
    return names_of(parts) | ({schema["name"]: schema} if "name" in schema else {})


class Reader:
    def __init__(self, schema, data):
        self.names, self.data, self.at = names_of(schema), data, 0
        self.value = self._value(schema)
        if self.at != len(data):
            raise ValueError(f"{len(data) - self.at} bytes follow the record")

    def _take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise ValueError("the record ends early")
        self.at += count
        return self.data[self.at - count:self.at]

    def _long(self):
        bits = shift = 0
        while True:
            byte = self._take(1)[0]
            bits |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return bits >> 1 ^ -(bits & 1)

    def _items(self, one):
        count = self._long()
        while count != 0:
            if count < 0:
                self._long()  # the block's size
            for _ in range(abs(count)):
                yield one()
            count = self._long()

    def _value(self, schema):
        if isinstance(schema, list):
            return self._value(schema[self._long()])
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind in self.names:
            return self._value(self.names[kind])
        match kind:
            case "null":
                return None
            case "boolean":
                return self._take(1) == b"\x01"
            case "int" | "long":
                return self._long()
            case "float":
                return struct.unpack("<f", self._take(4))[0]
            case "double":
                return struct.unpack("<d", self._take(8))[0]
            case "bytes":
                return self._take(self._long())
            case "string":
                return self._take(self._long()).decode()
            case "fixed":
                return self._take(schema["size"])
            case "enum":
                return schema["symbols"][self._long()]
            case "array":
                return list(self._items(lambda: self._value(schema["items"])))
            case "map":
                return dict(self._items(lambda: (self._value("string"), self._value(schema["values"]))))
            case "record":
                return {field["name"]: self._value(field["type"]) for field in schema["fields"]}
        return self._value(kind)


def read(schema, data):
    return Reader(schema, data).value


class Writer:
    def __init__(self, schema, value):
        self.names, self.data = names_of(schema), bytearray()
        self._value(schema, value)

    def _long(self, number):
        bits = number << 1 ^ number >> 63
        while bits >= 0x80:
            self.data.append(bits & 0x7F | 0x80)
            bits >>= 7
        self.data.append(bits)

    def _fits(self, schema, value):
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind in self.names:
            return self._fits(self.names[kind], value)
        if kind in PRIMITIVE:
            return type(value) is PRIMITIVE[kind]
        return isinstance(value, {"record": dict, "map": dict, "array": list, "enum": str, "fixed": bytes}[kind])

    def _value(self, schema, value):
        if isinstance(schema, list):
            branch = next(i for i, s in enumerate(schema) if self._fits(s, value))
            self._long(branch)
            self._value(schema[branch], value)
            return
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(kind, (dict, list)) or kind in self.names:
            self._value(self.names[kind] if isinstance(kind, str) else kind, value)
        elif kind == "boolean":
            self.data.append(int(value))
        elif kind in ("int", "long"):
            self._long(value)
        elif kind == "double":
            self.data += struct.pack("<d", value)
        elif kind in ("string", "bytes"):
            data = value.encode() if kind == "string" else value
            self._long(len(data))
            self.data += data
        elif kind == "enum":
            self._long(schema["symbols"].index(value))
        elif kind == "array":
            if value:
                self._long(len(value))
            for item in value:
                self._value(schema["items"], item)
            self._long(0)
        elif kind == "record":
            for field in schema["fields"]:
                self._value(field["type"], value[field["name"]] if field["name"] in value else field["default"])
        elif kind != "null":
            raise NotImplementedError(kind)


def write(schema, value):
    return bytes(Writer(schema, value).data)
