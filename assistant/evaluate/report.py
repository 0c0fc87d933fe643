"""A summary of figures for people: a table for a terminal, and the curve as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def table(found: dict[str, Any]) -> str:
    """A summary for a terminal."""
    lines = [f"{name:<20}{value:>10.4f}" for name, value in found["figures"].items()]
    lines += ["", f"{'kind':<20}{'questions':>10}{'answered':>10}{'right':>10}"]
    for kind, row in found["kinds"].items():
        lines.append(
            f"{kind:<20}{row['questions']:>10}{row['answered']:>10.3f}{row['right_or_refused']:>10.3f}"
        )
    lines += ["", f"{'confidence':<20}{'answers':>10}{'said':>10}{'right':>10}"]
    for row in found["reliability"]:
        band = f"{row['from']:.1f}-{row['to']:.1f}"
        lines.append(f"{band:<20}{row['answers']:>10}{row['said']:>10.3f}{row['right']:>10.3f}")
    lines += ["", f"{'threshold':<20}{'coverage':>10}{'precision':>10}"]
    for row in found["curve"]:
        lines.append(f"{row['threshold']:<20.2f}{row['coverage']:>10.3f}{row['precision']:>10.3f}")
    lines += ["", "Worst:"]
    for row in found["worst"]:
        lines += [
            f"  {row['confidence']:.2f}  {row['question']}",
            f"        chose: {' '.join(row['chosen'])[:150]}",
        ]
        lines.append(f"        expected: {row['expected']}"[:170])
    for name, row in found.get("compared", {}).items():
        lines += ["", f"{name}: {row['gain']:+.4f} (95 % interval {row['low']:+.4f} to {row['high']:+.4f})"]
    return "\n".join(lines)


def draw_curve(points: Sequence[dict[str, float]], path: Path) -> None:
    """Draw coverage against precision as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([p["coverage"] for p in points], [p["precision"] for p in points], marker="o", markersize=3)
    for point in points[::4]:
        axes.annotate(f"{point['threshold']:.1f}", (point["coverage"], point["precision"]), fontsize=8)
    axes.set(
        xlabel="coverage: questions answered",
        ylabel="precision: answers right",
        xlim=(0, 1.02),
        ylim=(0, 1.02),
    )
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
