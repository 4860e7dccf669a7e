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

from stack import PROFILE, TREE, binaries, now_ms, shim, until

STATUS_SECONDS = 2
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_us():
    """In the child: whoever kills the tests (CTest at a time limit) leaves no worker behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    def __init__(self, stack, slot="0", fail=None, mutant=None, options=(), limits=None, http_port=0, through=(), has_clock=False, profile=PROFILE,
                 release=None, program="primaflow-orders"):
        """fail: PRIMAFLOW_FAIL's text (base/failpoint.h); mutant: a rule to switch off; options: further "key=value"; limits: prlimit's words;
        http_port: a fixed one, which it keeps when it starts over; slot None: it has none; profile None: the product's defaults;
        through: "kafka", "redis", "prima": whose link it takes (proxy.py); has_clock: stack.clock("worker-<slot>") moves its clocks;
        release: another one (releases.py), which brings its own profile."""
        self.stack, self.slot, self.fail, self.http_port, self.release = stack, str(slot), fail, http_port, release
        bin_, tree, profile, more = (release.bin, release.tree, release.profile, release.env) if release else (binaries(), TREE, profile, {})
        self.log_path = stack.folder / f"worker-{slot if program == 'primaflow-orders' else program}-{time.monotonic_ns()}.log"
        env = {**stack.env, **more, **stack.through(through), "PF_CLOCK_FILE": str(stack.folder / f"clock-worker-{slot}")}
        if fail:
            env["PRIMAFLOW_FAIL"] = fail
        if mutant:
            env["PRIMAFLOW_MUTANT"] = mutant
        clocks = ["env", f"LD_PRELOAD={shim()}"] if has_clock else []
        words = [*clocks, *(limits or []), str(bin_ / program), *(["--config", str(profile)] if profile else []),
                 *(["--slot", self.slot] if slot is not None else []), "--http", f"127.0.0.1:{http_port}",
                 "-o", f"prima.enforces_unique_order_number={'true' if stack.unique else 'false'}"]
        for option in options:
            words += ["-o", option]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=tree,
                                            preexec_fn=die_with_us)
        self.pid = self.process.pid
        self._nap = self._stopped_at = None  # while it stands still

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
        """None also while its loop stands still: then the watchdog answers, in words."""
        text = self.http("/status")
        return json.loads(text) if text and text.startswith("{") else None

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

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

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
        if self.is_alive():
            self.stack.happens("dead", f"slot {self.slot}")
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self._nap = self.stack.happens("nap", f"slot {self.slot}", is_over=False)
        self.signal(signal.SIGSTOP)
        until(f"slot {self.slot} stopped", 5, self.is_stopped)
        self._stopped_at = time.monotonic()

    def wake(self, is_paused=False):
        """After it was stopped, as a process whose machine was suspended (Stack.slept); it has_clock. Nothing happens to one that runs, or is no more."""
        if self.is_alive() and self.is_stopped():
            self.stack.slept(f"worker-{self.slot}", int((time.monotonic() - self._stopped_at) * 1000), is_paused)
        self.go_on()

    def go_on(self):
        self.signal(signal.SIGCONT)
        if self._nap is not None:
            self._nap.end, self._nap = now_ms(), None

    def await_stopped(self, seconds=20):
        """By a fail point with action stop."""
        self._nap = self.stack.happens("nap", f"slot {self.slot}, {self.fail}", is_over=False)
        until(f"{self.fail}: slot {self.slot} stops itself\n{self.log()[-1500:]}", seconds, lambda: self.is_stopped() or not self.is_alive())
        if not self.is_alive():
            raise RuntimeError(f"{self.fail}: the worker ended instead of stopping\n{self.log()[-1500:]}")
        self._stopped_at = time.monotonic()
        return self

    def await_death(self, seconds=20):
        """Of itself, by a fail point. Returns the exit code, negative: the signal."""
        try:
            code = self.process.wait(timeout=seconds)
            self.stack.happens("dead", f"slot {self.slot}, {self.fail}")
            return code
        except subprocess.TimeoutExpired as late:
            raise TimeoutError(f"{self.fail}: slot {self.slot} still lives\n{self.log()[-1500:]}") from late

    def drain(self, seconds=15):
        """SIGTERM; the exit code."""
        self.go_on()
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)
