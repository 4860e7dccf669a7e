"""A real Prometheus with the project's alert rules, and time that runs faster: every duration of the rules (`for:`, the ranges in brackets) and the pace
of scraping are divided by `pace`. At 30 an alert that comes after five minutes comes after ten seconds. Nothing else of a rule is touched: metrics,
labels, thresholds and what keeps quiet for what are those that ship. What counts within a time (`increase(...[15m]) > 20`) would have to count faster, too:
such rules are promtool's (ops/alerts/primaflow.tests.yml)."""

import json
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request

from stack import TREE, until
from workers import die_with_us

RULES = TREE / "ops" / "alerts" / "primaflow.rules.yml"
UNITS_MS = {"s": 1000, "m": 60000, "h": 3600000}
SCRAPE_MS, RULE_MS = 9000, 6000  # at the real pace


def faster(text, pace):
    """The rules, with durations divided by pace."""
    def shorter(match):
        return f"{match[1]}{int(match[2]) * UNITS_MS[match[3]] // pace}ms{match[4]}"
    text, holds = re.subn(r"(for: )(\d+)([smh])(\b)", shorter, text)
    text, ranges = re.subn(r"(\[)(\d+)([smh])(\])", shorter, text)
    assert holds > 10 and ranges > 10, "the rules cannot be read"
    return text


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Prometheus:
    def __init__(self, folder, pace, jobs):
        """jobs: {name: [worker, ...]}; workers have fixed ports (http_port)."""
        if shutil.which("prometheus") is None:
            raise RuntimeError("prometheus is not installed: ops/setup test")
        self.port = free_port()
        self.folder = folder / f"prometheus-{self.port}"
        self.folder.mkdir()
        (self.folder / "rules.yml").write_text(faster(RULES.read_text(), pace))
        scrapes = "".join(f"  - job_name: {job}\n    static_configs: [{{targets: [{', '.join(repr(f'127.0.0.1:{w.http_port}') for w in workers)}]}}]\n"
                          for job, workers in jobs.items())
        (self.folder / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {SCRAPE_MS // pace}ms, scrape_timeout: {SCRAPE_MS // pace}ms, evaluation_interval: {RULE_MS // pace}ms}}\n"
            f"rule_files: [rules.yml]\nscrape_configs:\n{scrapes}")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_us)
        until(f"Prometheus is ready: {(self.folder / 'log').read_text()[-800:]}", 30, self._is_ready, 0.1)
        # it evaluates rules from its first moment, and begins to scrape five seconds later: until then there are no workers, as far as it knows
        targets = sum(len(workers) for workers in jobs.values())
        until("everything is scraped", 20, lambda: self.query("sum(up)") == [({}, float(targets))] and not self.firing("page"), 0.2)
        self.since = time.time()

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text())
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def query(self, expression):
        """[(labels, value)] now."""
        words = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{words}", timeout=5) as answer:
            return [(r["metric"], float(r["value"][1])) for r in json.load(answer)["data"]["result"]]

    def firing(self, severity="page|ticket"):
        """{(alert, job)} now."""
        return {(labels["alertname"], labels.get("job", "")) for labels, _ in self.query(f'ALERTS{{alertstate="firing", severity=~"{severity}"}}')}

    def ever_fired(self, severity="page"):
        """{(alert, job)} since everything was scraped."""
        range_ms = int((time.time() - self.since) * 1000)
        found = self.query(f'max_over_time(ALERTS{{alertstate="firing", severity=~"{severity}"}}[{range_ms}ms])')
        return {(labels["alertname"], labels.get("job", "")) for labels, _ in found}

    def await_firing(self, *wanted, seconds=40):
        """Until each (alert, job) of `wanted` fires."""
        try:
            until("", seconds, lambda: set(wanted) <= self.firing(), 0.2)
        except TimeoutError:
            raise TimeoutError(f"not within {seconds} s: {set(wanted) - self.firing()} do not fire; {self.firing()} do") from None

    def await_quiet(self, seconds=40):
        """Until nothing fires that pages."""
        try:
            until("", seconds, lambda: not self.firing("page"), 0.2)
        except TimeoutError:
            raise TimeoutError(f"not within {seconds} s: {self.firing('page')} clear") from None

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
