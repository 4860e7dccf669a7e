"""The stack of the fault tests with a real schema registry beside it, and the registry's API from outside."""

import base64
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[2]
sys.path.insert(0, str(TREE / "tests" / "fault"))

import avro  # noqa: E402
import feed  # noqa: E402
from stack import IN, Stack  # noqa: E402

TODAY = (TREE / "schemas" / "OrderEvent.avsc").read_text()
OLD = (TREE / "schemas" / "history" / "OrderEvent.v1.avsc").read_text()


class NoDownload(Exception):
    """The registry is not here, and cannot be fetched now."""


class RegistryStack(Stack):
    def _run(self, *words):
        if words[0] == "up":
            words = (*words, "--only", "kafka,redis,prima,registry")
        try:
            super()._run(*words)
        except RuntimeError as error:
            raise NoDownload(str(error)) if ": exit 75\n" in str(error) else error

    def give_to(self, pid):
        """The stack ends with that process from now on, as well as by down()."""
        self._run("up", "--owner-pid", str(pid))

    @property
    def registry_url(self):
        return self.env["SCHEMA_REGISTRY_URL"]

    def ask(self, method, path, body=None):
        """(status, JSON) of the registry itself."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.registry_url + path, data=data, method=method,
                                         headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def register(self, subject, text, kind="AVRO"):
        """The id of a schema, as some other producer would register it."""
        status, reply = self.ask("POST", f"/subjects/{subject}/versions", {"schema": text, "schemaType": kind})
        if status != 200:
            raise RuntimeError(f"the registry refused {subject}: {status} {reply}")
        return reply["id"]

    def schema(self, number):
        status, reply = self.ask("GET", f"/schemas/ids/{number}")
        if status != 200:
            raise RuntimeError(f"the registry has no schema {number}: {status} {reply}")
        return json.loads(reply["schema"])

    def values(self, topic):
        """[(key, bytes)] of a topic's committed records."""
        return [(line["key"], base64.b64decode(line["value"]["base64"])) for line in self.consume(topic, raw=True)]


def variation(name, schema=TODAY):
    """The same schema in other words: another text, so another id, of which no worker has heard."""
    made = json.loads(schema)
    made["doc"] = name
    return json.dumps(made)


def framed(number, payload):
    return b"\0" + number.to_bytes(4, "big") + payload


def record(order, number, schema=TODAY, partition=None):
    """An order as an independent producer writes it, for Stack.produce_raw."""
    value = framed(number, avro.write(json.loads(schema), order))
    made = {"key": feed.topic_key(order), "value": {"base64": base64.b64encode(value).decode()}}
    return made if partition is None else {**made, "partition": partition}


def unframe(data):
    """(id, payload) of Confluent's wire format."""
    if data[:1] != b"\0":
        raise ValueError(f"this is not Confluent's wire format: {data[:5].hex()}")
    return int.from_bytes(data[1:5], "big"), data[5:]


__all__ = ["IN", "NoDownload", "OLD", "RegistryStack", "TODAY", "framed", "record", "unframe", "variation"]
