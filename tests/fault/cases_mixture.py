"""All faults that this suite knows, at random and over each other; then everything is healed, and everything must be posted, or excused.

    tests/fault/run.py 'mixture.*'                                   # a fresh seed, 20 s of faults, both modes
    PF_SEED=17 tests/fault/run.py --mode off mixture.of_everything   # the same plan again
    PF_SEEDS=100 PF_SECONDS=60 tests/fault/run.py 'mixture.*'        # a campaign: a hundred seeds, a minute of faults each
    PF_KINDS=kill,redis_flushed,a_link PF_SEED=17 ...                # of that plan's kind only these: to find out which it takes
"""

import os
import random

import mixture
from case import Failed, case

SECONDS = float(os.environ.get("PF_SECONDS", "20"))
SEEDS = int(os.environ.get("PF_SEEDS", "1"))
FIRST = int(os.environ.get("PF_SEED", str(random.randrange(10**6))))
KINDS = [k for k in os.environ.get("PF_KINDS", "").split(",") if k] or None
REST_SECONDS = 150  # a loss, a rebuild, a dead worker's session and the slowest retry, one behind the other, on a machine that is busy


@case("mixture")
def of_everything(w):
    """Random faults of every kind over each other (PF_SEED, PF_SECONDS; PF_SEEDS: so many runs); then healed, and all posted or excused."""
    for seed in range(FIRST, FIRST + SEEDS):
        one(w, seed)


def one(w, seed):
    log = w.stack.folder / f"mixture-{seed}-{'on' if w.stack.unique else 'off'}.log"
    with open(log, "w", encoding="utf-8", buffering=1) as out:
        m = mixture.Mixture(w, seed, lambda text: print(text, file=out))
        steps = mixture.plan(seed, SECONDS, KINDS)
        print(f"       PF_SEED={seed} PF_SECONDS={SECONDS:g}: {len(steps)} faults", flush=True)
        try:
            m.run(steps, SECONDS)
            found = w.judge(REST_SECONDS)
        except Exception as error:
            raise Failed(f"PF_SEED={seed} PF_SECONDS={SECONDS:g}: {error}\n  what was done: {log}") from error
    posted = sum(r.outcome.startswith("posted") for r in found.results)
    print(f"       {len(m.orders)} orders, {posted} posted, {sum(d.klass == 'park' for d in found.dead)} parked, "
          f"{len(found.dead)} dead letters, {sum(len(f) for f in found.forwards.values())} forwards", flush=True)
    for worker in w.workers:
        worker.kill()
    w.fresh()
