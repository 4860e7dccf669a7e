"""What a person has to look at, and why: the reasons that excuse a dead letter, a parked order or one that is on hold (I14 of checker.py).

An excuse is found in Prima's own log (a request of that key met a hostility), in what happened to Redis, or in what the case says that it arranged. What a
worker says about itself excuses nothing, and neither does its death, nor a sleep: who comes after it can find out what became of the order, and whoever
wakes up can be asked. The one sleep that nobody can wait for is named by its case (World.asleep).
"""

from collections import Counter


CLOCKS_MS = 60000  # by which times of the log may be off where the case has moved clocks


def during(e, kind, begin, end, key=""):
    """Did something of a kind happen meanwhile, to everything or to this key?"""
    return any(h.kind == kind and h.begin <= end and (h.end == 0 or h.end >= begin) and h.key in ("", key) for h in e.happenings)


class Life:
    """One delivery from its arrival to its end: what happened to it meanwhile, and what Prima's log has of its key."""

    def __init__(self, e, view, i, end_at):
        slack = CLOCKS_MS if any(h.kind == "clock" for h in e.happenings) else 1000
        self.e, self.begin, self.end, self.ended, self.key, self.input = e, i.since - slack, end_at + slack, end_at, i.key, i
        self.requests = view.requests[i.number] if i.number else []
        self.sends = view.sends[i.number] if i.number else []
        self.people = [r for r in e.requests if "Customer" in r.kind and (r.number.endswith("C" + i.customer) or "-C" not in r.number)]
        self.is_foreign = any(d.foreign for d in view.documents[i.number])
        self.park_before = any(d.klass == "park" for other in view.by_key[i.key] if other is not i for d in view.dead[other.delivery])

    def lost(self):
        """Redis forgot it, or everything, while it was under way: nothing that was sent before is proven any more."""
        return during(self.e, "lost", self.begin, self.end, self.key)

    def unreadable(self):
        """Another tool's value stood in its place."""
        return during(self.e, "unreadable", self.begin, self.end, self.key)

    def met(self):
        """A request about it met a hostility, or was made while the way to Prima was disturbed."""
        return any(r.fault for r in self.requests) or during(self.e, "cut", self.begin, self.end)

    def sleeper(self, code):
        """The case says that the proof would have to come from somebody who sleeps for longer than it is waited for; and somebody slept when it ended."""
        return (self.key, code) in self.e.asleep and during(self.e, "nap", self.ended, self.ended)

    def refused(self):
        return any(r.outcome == "refused" or r.fault.startswith("error") for r in self.sends)

    def customer_met(self):
        """A customer of whom nobody knows stays so: what happened to an earlier order of theirs excuses the later ones."""
        return any(r.fault for r in self.people) or any(during(self.e, kind, 0, self.end) for kind in ("cut", "lost"))


# code: what excuses it. What is not here is the record's own (its bytes, a rule, a mapping), and the case knows.
EXCUSES = {
    "outcome_unknown": (Life.met, Life.lost),
    "refused_after_unknown": (Life.met, Life.lost),
    "exists_unproven": (lambda life: life.is_foreign, Life.lost),
    "parked_behind": (lambda life: life.park_before,),
    "prima_faults_on_record": (lambda life: any(r.fault for r in life.sends),),
    "prima_refused_unclassified": (Life.refused,),
    "prima_unknown_product": (Life.refused,),
    "prima_unknown_customer": (Life.refused,),
    "prima_period_closed": (Life.refused,),
    "prima_invalid": (Life.refused,),
    "defect": (Life.unreadable,),
    "customer_unknown_outcome": (Life.customer_met,),
    "waited_too_long": (),  # only where the case says so: waiting for the world is no reason
}


def missing(e, view):
    """What is somebody's work, without a reason."""
    ends = [(d.delivery, d.code, d.at) for d in e.dead] + [(r.delivery, code, r.at) for r in e.results for code in r.codes]
    for delivery, code, at in ends:
        i = view.inputs.get(delivery)
        if i is None or i.key is None or code not in EXCUSES or not {(i.key, code), ("*", code)}.isdisjoint(e.allowed):
            continue
        life = Life(e, view, i, at)
        if not life.sleeper(code) and not any(excuse(life) for excuse in EXCUSES[code]):
            yield f"I14 {i.key}: {delivery} ended as {code}, and nothing excuses it: {_what_it_met(life)}"


def _what_it_met(life):
    asked = Counter(f"{r.kind} {r.outcome}{' ' + r.fault if r.fault else ''}" for r in life.requests)
    happened = Counter(h.kind for h in life.e.happenings if h.begin <= life.end and (h.end == 0 or h.end >= life.begin))
    return (f"Prima saw {', '.join(f'{n} x {what}' for what, n in asked.items()) or 'nothing of it'}; "
            f"meanwhile: {', '.join(f'{n} x {kind}' for kind, n in happened.items()) or 'nothing'}")
