"""The palette's contrast, measured as WCAG 2.2 defines it, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reports.figure_parts import THEMES

TOKENS = (Path(__file__).resolve().parents[1] / "static" / "ui" / "css" / "tokens.css").read_text()
STATES = ("overdue", "due-soon", "upcoming", "in-review", "no-date", "completed")


def _theme(name: str) -> dict[str, str]:
    light, dark = TOKENS.split("@media screen and (prefers-color-scheme: dark)")
    block = light if name == "light" else dark.split("/* Pico's own variables")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_surface(theme: str) -> None:
    colours = _theme(theme)
    pairs = [
        (ink, surface)
        for ink in ("ink", "ink-quiet", "leaf", "leaf-deep")
        for surface in ("paper", "surface", "sunken")
    ]
    pairs += [("on-leaf", "leaf"), ("on-leaf", "leaf-deep"), ("leaf-deep", "leaf-wash"), ("ink", "mark")]
    pairs += [("on-bar", "bar"), ("on-bar-quiet", "bar")]
    pairs += [(state, surface) for state in STATES for surface in ("surface", f"{state}-wash")]
    too_faint = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in too_faint.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_and_focus_stand_out(theme: str) -> None:
    colours = _theme(theme)
    pairs = [(edge, surface) for edge in ("line-strong", "focus") for surface in ("paper", "surface", "sunken")]
    assert [pair for pair in pairs if _contrast(colours[pair[0]], colours[pair[1]]) < 3] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_wear_the_same_colours_as_the_page(theme: str) -> None:
    colours, figure = _theme(theme), THEMES[theme]
    assert figure["ink"] == colours["ink"]
    assert figure["quiet"] == colours["ink-quiet"]
    assert figure["surface"] == colours["surface"]
    for state, colour in figure["states"].items():
        assert colour == colours[f"{state.replace('_', '-')}-fill"]
