"""The curve as a small SVG, by hand: a chart library would be a dependency for one picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Point = tuple[float, float]
"""Median delay in seconds, calls."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 480, 60, 30, 60, 50
X_TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200)
Y_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#e15759", "#76b7b2")


@dataclass(frozen=True, slots=True)
class Curve:
    """One rollout length: what fixed polling reaches, and where we are."""

    name: str
    fixed: Sequence[Point]
    ours: Point
    informed: Point
    """With history."""
    backoff: Point


def _x(delay: float) -> float:
    low, high = math.log(0.2), math.log(250)
    return LEFT + (math.log(delay) - low) / (high - low) * (WIDTH - LEFT - RIGHT)


def _y(calls: float) -> float:
    low, high = math.log(0.8), math.log(1200)
    return HEIGHT - BOTTOM - (math.log(calls) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, text: str, anchor: str = "middle", colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def _axes(rollouts: str) -> Iterator[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for delay in X_TICKS:
        yield f'<path d="M{_x(delay):.1f} {TOP}V{bottom}" stroke="#e4e4e4"/>'
        yield _text(_x(delay), bottom + 18, f"{delay:g} s")
    for calls in Y_TICKS:
        yield f'<path d="M{LEFT} {_y(calls):.1f}H{right}" stroke="#e4e4e4"/>'
        yield _text(LEFT - 8, _y(calls) + 4, f"{calls}", "end")
    yield _text((LEFT + right) / 2, HEIGHT - 10, "median delay from ECS's word to the verdict")
    yield _text(LEFT - 45, TOP - 38, f"calls a rollout ({rollouts}); lines: polling every 1, 2, 5, 10, 15 s", "start")
    yield _text(
        LEFT - 45, TOP - 20, "discs: ours; squares: ours with history; triangles: the GitHub action's backoff", "start"
    )


def _curve(curve: Curve, colour: str) -> Iterator[str]:
    line = " ".join(f"{_x(delay):.1f},{_y(calls):.1f}" for delay, calls in curve.fixed)
    yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    for delay, calls in curve.fixed:
        yield f'<circle cx="{_x(delay):.1f}" cy="{_y(calls):.1f}" r="2" fill="{colour}"/>'
    marked = f'fill="{colour}" stroke="#000"'
    x, y = _at(curve.ours)
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" {marked}/>'
    x, y = _at(curve.informed)
    yield f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" {marked}/>'
    x, y = _at(curve.backoff)
    yield f'<path d="M{x:.1f} {y - 6:.1f}l6 11h-12z" {marked}/>'
    x, y = _at(curve.fixed[-1])
    yield _text(x + 8, y + 4, curve.name, "start", colour)


def _at(point: Point) -> Point:
    return _x(point[0]), _y(point[1])


def draw(curves: Sequence[Curve], rollouts: str) -> str:
    """The picture; which rollouts it is of is said in it."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_axes(rollouts),
    ]
    for curve, colour in zip(curves, COLOURS, strict=False):
        parts += _curve(curve, colour)
    return "\n".join([*parts, "</svg>"]) + "\n"
