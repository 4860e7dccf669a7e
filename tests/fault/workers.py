"""Worker processes: started in a slot, killed, stopped, watched. What they print goes to a file of their own, for the checker reads it."""

import ctypes
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

from stack import PROFILE, TREE, binaries, until

STATUS_SECONDS = 2
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_us():
    """In the child: whoever kills the tests (CTest at a time limit) leaves no worker behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    def __init__(self, stack, slot="0", fail=None, mutant=None, options=(), limits=None):
        """fail: PRIMAFLOW_FAIL's text (base/failpoint.h); mutant: a rule to switch off; options: further "key=value"; limits: prlimit's words."""
        self.stack, self.slot, self.fail = stack, str(slot), fail
        self.log_path = stack.folder / f"worker-{slot}-{time.monotonic_ns()}.log"
        env = dict(stack.env)
        if fail:
            env["PRIMAFLOW_FAIL"] = fail
        if mutant:
            env["PRIMAFLOW_MUTANT"] = mutant
        words = [*(limits or []), str(binaries() / "primaflow-orders"), "--config", str(PROFILE), "--slot", self.slot, "--http", "127.0.0.1:0",
                 "-o", f"prima.enforces_unique_order_number={'true' if stack.unique else 'false'}"]
        for option in options:
            words += ["-o", option]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=TREE,
                                            preexec_fn=die_with_us)
        self.pid = self.process.pid
        self._port = None

    # ---- what it says ----

    def log(self):
        return self.log_path.read_text(errors="replace")

    def says(self, text):
        return text in self.log()

    def await_log(self, text, seconds=15, times=1):
        until(f"{times} x {text!r} in the log of slot {self.slot}:\n{self.log()[-1500:]}", seconds,
              lambda: self.log().count(text) >= times)
        return self

    def await_running(self, seconds=20):
        return self.await_log("partitions assigned", seconds)

    def port(self):
        """Of its /status; another one after it started over."""
        ports = re.findall(r"listening for /metrics.* count=(\d+)", self.log())
        return int(ports[-1]) if ports else None

    def http(self, path):
        """The body, or None when it does not answer."""
        port = self.port()
        if port is None or not self.is_alive():
            return None
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=STATUS_SECONDS) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return None

    def status(self):
        text = self.http("/status")
        return json.loads(text) if text else None

    def metric(self, name):
        """{labels as text: value} of one metric."""
        found = {}
        for line in (self.http("/metrics") or "").splitlines():
            match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
            if match:
                found[match[1] or ""] = float(match[2])
        return found

    def argv(self):
        try:
            with open(f"/proc/{self.pid}/cmdline", "rb") as file:
                return file.read().decode(errors="replace").replace("\0", " ")
        except OSError:
            return ""

    def resident_kib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    # ---- what is done to it ----

    def is_alive(self):
        return self.process.poll() is None

    def is_stopped(self):
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as file:
                return file.read().rsplit(") ", 1)[1][0] in "Tt"
        except OSError:
            return False

    def signal(self, number):
        if self.is_alive():
            os.kill(self.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.signal(signal.SIGSTOP)
        until(f"slot {self.slot} stopped", 5, self.is_stopped)

    def go_on(self):
        self.signal(signal.SIGCONT)

    def await_stopped(self, seconds=20):
        """By a fail point with action stop."""
        until(f"{self.fail}: slot {self.slot} stops itself\n{self.log()[-1500:]}", seconds, lambda: self.is_stopped() or not self.is_alive())
        if not self.is_alive():
            raise RuntimeError(f"{self.fail}: the worker ended instead of stopping\n{self.log()[-1500:]}")
        return self

    def await_death(self, seconds=20):
        """Of itself, by a fail point. Returns the exit code, negative: the signal."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired as late:
            raise TimeoutError(f"{self.fail}: slot {self.slot} still lives\n{self.log()[-1500:]}") from late

    def drain(self, seconds=15):
        """SIGTERM; the exit code."""
        self.go_on()
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)
