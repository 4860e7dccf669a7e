"""What the kernel counts: CPU of processes and threads, memory, and how much of the machine others took meanwhile."""

import os
import platform
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def thread_cpu(pid):
    """CPU seconds by thread of a living process: {(tid, name): seconds}, from the scheduler's nanoseconds."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            nanoseconds = int((task / "schedstat").read_text().split()[0])
            found[int(task.name), (task / "comm").read_text().strip()] = nanoseconds / 1e9
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended meanwhile
    return found


def process_cpu(pid):
    return sum(thread_cpu(pid).values())


def memory_kib(pid):
    """{"VmHWM": highest resident, "VmRSS": resident now} in KiB."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {words[0][:-1]: int(words[1]) for words in lines if words[0] in ("VmHWM:", "VmRSS:")}


class Span:
    """The machine between two moments."""

    def __init__(self, pids):
        self.pids = pids  # of the servers, by name
        self.began = time.monotonic()
        self.before = self._stat()
        self.servers_before = {name: process_cpu(pid) for name, pid in pids.items()}

    @staticmethod
    def _stat():
        fields = [int(word) / TICK for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        user, nice, system, idle, iowait, irq, softirq, steal = fields
        return {"busy": user + nice + system + irq + softirq, "idle": idle + iowait, "steal": steal}

    def end(self, contestant_cpu):
        """Shares of the machine's time: stolen by the host, and used by processes that are not of this benchmark."""
        spent = {name: value - self.before[name] for name, value in self._stat().items()}
        whole = sum(spent.values()) or 1.0
        servers = {name: process_cpu(pid) - self.servers_before[name] for name, pid in self.pids.items()}
        others = max(0.0, spent["busy"] - sum(servers.values()) - contestant_cpu)
        return {"seconds": time.monotonic() - self.began, "servers_cpu": servers, "steal": spent["steal"] / whole, "others": others / whole,
                "load": os.getloadavg()[0]}


def describe():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    return {"cores": os.cpu_count(), "cpu": model, "kernel": platform.release(), "load": os.getloadavg()[0]}
