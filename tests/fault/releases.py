"""Another release of primaflow, to run beside this tree's: built from git's history into a folder of its own, once for each commit."""

import os
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from stack import TREE

PREVIOUS = "8bb1f2c"  # of which workers are upgraded when nobody names another one: tests/run upgrade COMMIT
PROGRAMS = ("primaflow-orders", "primaflow")


@dataclass(frozen=True)
class Release:
    """Its programs run in its tree: with its mappings and the profile of its own tests, and, unless env says otherwise, with its schemas."""
    tree: Path
    env: dict = field(default_factory=dict)  # of its programs

    @property
    def bin(self):
        return self.tree / "build" / "dev" / "bin"

    @property
    def profile(self):
        return self.tree / "tests" / "fault" / "profile.yaml"


def previous():
    """The release that this one takes the place of."""
    return built(os.environ.get("PF_UPGRADE_FROM") or PREVIOUS)


def built(name):
    """Builds it when it is not there; what was broken off goes on."""
    commit = _commit(name)
    folder = TREE / "build" / "upgrade" / commit
    release = Release(folder / "tree")
    if not release.tree.exists():
        _unpack(commit, folder)
    if not (folder / "built").exists():
        print(f"       building {name} in {folder.relative_to(TREE)}", flush=True)
        _run(folder / "build.log", release.tree, "cmake", "--preset", "dev", "-DBUILD_TESTING=OFF")
        _run(folder / "build.log", release.tree, "cmake", "--build", "--preset", "dev", "--target", *PROGRAMS)
        (folder / "built").touch()
    return release


def _git(*words):
    return subprocess.run(["git", "-C", TREE, *words], capture_output=True, text=True, check=False)


def _commit(name):
    if _git("rev-parse", "--git-dir").returncode != 0:
        raise SystemExit(f"{TREE} is no git clone: an earlier release cannot be built from its history")
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}")
    if found.returncode == 0:
        return found.stdout.strip()
    is_shallow = _git("rev-parse", "--is-shallow-repository").stdout.strip() == "true"
    raise SystemExit(f"git does not know {name}" + (": this clone is shallow, and its history ends before; run: git fetch --unshallow" if is_shallow else ""))


def _unpack(commit, folder):
    """The whole tree or none: under its name only when all of it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"tree.{os.getpid()}"
    with subprocess.Popen(["git", "-C", TREE, "archive", commit], stdout=subprocess.PIPE) as git:
        with tarfile.open(fileobj=git.stdout, mode="r|") as archive:
            archive.extractall(made, filter="data")
    if git.returncode != 0:
        raise SystemExit(f"git archive {commit}: exit {git.returncode}")
    made.rename(folder / "tree")


def _run(log_path, folder, *words):
    with open(log_path, "ab") as log:
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}; all of it is in {log_path}")


if __name__ == "__main__":
    print(f"{previous().bin}")
