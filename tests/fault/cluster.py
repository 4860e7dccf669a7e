"""Three brokers instead of a stack's one: each also votes as controller, topics and the coordinators' logs have three copies, two must be in sync."""

import signal
import subprocess
import time

import stack
import wire
from stack import TREE, until
from workers import die_with_us

COUNT = 3
CLUSTER = "cHJpbWFmbG93LXRlc3RzMA"
# ops/kafka has one broker; what it needs of ops/stack is said here. $1: tree, $2: folder, $3 $4: ports, $5: number
BROKER = """
set -eu
say() { :; }
die() { echo "$*" >&2; exit 69; }
. "$1/ops/jars.sh"
. "$1/ops/kafka/kafka.sh"
kafka_fetch
mkdir -p "$2/data"
[ -e "$2/data/meta.properties" ] || printf 'version=1\\nnode.id=%s\\ncluster.id=%s\\n' "$5" "$6" >"$2/data/meta.properties"
kafka_configure "$2" "$3" "$4"
cat "$2/more.properties" >>"$2/server.properties"
kafka_exec "$2"
"""
PROPERTIES = {
    "default.replication.factor": 3, "min.insync.replicas": 2, "offsets.topic.replication.factor": 3, "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2, "replica.lag.time.max.ms": 3000, "controlled.shutdown.enable": "true",
    # a broker that is gone is noticed within two seconds, as in ops/kafka; the others must not think so of one that the machine lets wait
    "controller.quorum.election.timeout.ms": 1500, "controller.quorum.fetch.timeout.ms": 2500,
}


class Broker:
    def __init__(self, folder, number, port, voters):
        self.folder, self.number, self.port, self.process = folder / f"broker-{number}", number, port, None
        self.folder.mkdir()
        lines = {**PROPERTIES, "node.id": number, "controller.quorum.voters": voters}
        (self.folder / "more.properties").write_text("".join(f"{key}={value}\n" for key, value in lines.items()))

    def start(self, env):
        with open(self.folder / "log", "ab") as log:
            self.begun = log.tell()
            self.process = subprocess.Popen(["bash", "-c", BROKER, "broker", TREE, self.folder, str(self.port), str(self.port + COUNT), str(self.number), CLUSTER],
                                            env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_us)
        return self

    def await_started(self, seconds=90):
        def started():
            if self.process.poll() is not None:
                raise RuntimeError(f"broker {self.number} ended:\n{self._log()[-1500:]}")
            return "Kafka Server started" in self._log()
        until(f"broker {self.number} started:\n{self._log()[-600:]}", seconds, started, 0.2)

    def _log(self):
        return (self.folder / "log").read_bytes()[self.begun:].decode(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()


class ClusterStack(stack.Stack):
    """A stack whose Kafka is three brokers."""

    parts = "redis,prima"

    def up(self):
        super().up()
        base = stack._free_ports()
        voters = ",".join(f"{n}@127.0.0.1:{base + n - 1 + COUNT}" for n in range(1, COUNT + 1))
        self.brokers = {n: Broker(self.folder, n, base + n - 1, voters) for n in range(1, COUNT + 1)}
        for broker in self.brokers.values():
            broker.start(self.env)
        for broker in self.brokers.values():
            broker.await_started()
        self.kafka = wire.Cluster([broker.port for broker in self.brokers.values()])
        self.env["KAFKA_BOOTSTRAP_SERVERS"] = ",".join(f"127.0.0.1:{port}" for port in self.kafka.ports)
        until("the topics are made", 60, self._makes_topics, 1)
        return self

    def _makes_topics(self):
        try:
            self.primaflow("topics", "create")
        except RuntimeError:
            return False  # not all brokers have registered yet
        return True

    def down(self):
        for broker in getattr(self, "brokers", {}).values():
            if broker.process is not None and broker.process.poll() is None:
                broker.signal(signal.SIGKILL)
        super().down()

    def again(self, number):
        """A killed broker, with its data."""
        self.brokers[number].start(self.env).await_started()
        time.sleep(2)  # it fetches what it has missed, and is let in again
