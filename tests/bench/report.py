"""Rows as a table for people, or as JSON lines."""

import json
import statistics
import unicodedata


def number(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def cells(row):
    values = row["values"]
    three = [number(f(values)) for f in (min, statistics.median, max)] if values else ["-", "-", "-"]
    name = f"{row['figure']}{', ' + row['unit'] if row['unit'] else ''}"
    return [name, row["who"], *three, str(len(values)), row["target"] or ""]


def width(text):
    return sum(not unicodedata.combining(c) for c in text)


def table(rows):
    head = ["figure", "of", "min", "median", "max", "n", "aim"]
    lines = [head] + [cells(row) for row in rows]
    widths = [max(width(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("| " + " | ".join(cell + " " * (w - width(cell)) for cell, w in zip(line, widths)) + " |"
                     for line in [lines[0], ["-" * w for w in widths], *lines[1:]])


def conditions(runs):
    """How quiet the machine was, over all runs."""
    parts = []
    for name, meaning in (("steal", "stolen by the host"), ("others", "used by other processes")):
        values = [run[name] for run in runs]
        parts.append(f"{meaning}: {min(values):.0%} / {statistics.median(values):.0%} / {max(values):.0%}")
    return "machine's time (min / median / max of the runs): " + "; ".join(parts) + f"; load {runs[-1]['load']:.1f}"


def json_lines(rows, runs, machine):
    for run in runs:
        yield json.dumps({"run": run})
    for row in rows:
        values = row["values"]
        summary = {"min": min(values), "median": statistics.median(values), "max": max(values)} if values else {}
        yield json.dumps({**row, "values": values[:100], "n": len(values), **summary}, ensure_ascii=False)
    yield json.dumps({"machine": machine})
