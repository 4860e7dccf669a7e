"""perf (Debian: linux-perf) on the running worker: its dearest functions, and the dearest with what they call."""

import shutil
import subprocess


def recorder(folder):
    """A function that begins to record a process, and one that gives the tables afterwards."""
    if shutil.which("perf") is None:
        raise RuntimeError("perf is missing: apt-get install linux-perf")
    data = folder / "perf.data"

    def begin(pid):
        return subprocess.Popen(["perf", "record", "-q", "--call-graph", "dwarf,8192", "-F", "999", "-e", "cpu-clock", "-p", str(pid), "-o", str(data)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def table(*words):
        out = subprocess.run(["perf", "report", "--stdio", "-i", str(data), "-g", "none", "--percent-limit", "1", *words], capture_output=True,
                             text=True, check=False).stdout
        return "\n".join(line for line in out.splitlines() if line.strip() and not line.startswith("#"))

    def show():
        return "\n".join(["", "by thread", table("--no-children", "--sort", "comm"), "by library", table("--no-children", "--sort", "dso"),
                          "by function", table("--no-children", "--sort", "dso,symbol"), "with what they call", table("--children", "--sort", "symbol")])

    return begin, show
