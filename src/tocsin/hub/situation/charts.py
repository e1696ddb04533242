"""Charts as Vega-Lite documents: what is drawn, in which colours. Nothing is drawn here.

Colours are those of the pages (4.5:1 on their ground), and every state has its own dash or place besides, so
that no reader depends on colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocsin.hub.rules.curve import Break, Point
from tocsin.hub.rules.words import Exposure

Spec = dict[str, Any]
FONT = "sans-serif"
LIGHT = {"ink": "#1d2733", "line": "#c3cad5", "ground": "transparent"}
DARK = {"ink": "#e6ebf2", "line": "#4a5668", "ground": "transparent"}
COLOURS = {
    Exposure.VULNERABLE: ("#a61b1b", "#ff8f8f"),
    Exposure.PARTLY_MITIGATED: ("#8a5a00", "#e0b04a"),
    Exposure.MITIGATED: ("#7a4a00", "#f4c063"),
    Exposure.PATCHED: ("#1f4f9e", "#93b9ff"),
    Exposure.PATCH_VERIFIED: ("#1b6b3a", "#7fd99f"),
    Exposure.UNKNOWN: ("#4c5666", "#b3bdcc"),
    Exposure.UNREACHABLE: ("#7a8494", "#8b97a8"),
}
DASHES = {
    Exposure.VULNERABLE: [1, 0],
    Exposure.PARTLY_MITIGATED: [6, 2],
    Exposure.MITIGATED: [8, 3],
    Exposure.PATCHED: [4, 3],
    Exposure.PATCH_VERIFIED: [1, 0],
    Exposure.UNKNOWN: [2, 2],
    Exposure.UNREACHABLE: [1, 3],
}


def curve(points: Iterable[Point], broken: Iterable[Break], *, dark: bool) -> Spec:
    """Servers by exposure and day; for the vulnerable a band down to what was looked at; breaks as rules."""
    known = tuple(points)
    present = [state for state in COLOURS if any(one.state == state and one.servers for one in known)]
    rows = [_row(one) for one in known if one.state in present]
    marks = [{"day": str(one.day), "what": f"{one.source}: method changed"} for one in broken]
    day = {
        "field": "day",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%d %b", "labelOverlap": True},
    }
    servers = {"field": "servers", "type": "quantitative", "title": "servers"}
    band = {
        "transform": [{"filter": "datum.state == 'vulnerable'"}],
        "mark": {"type": "area", "opacity": 0.25},
        "encoding": {
            "x": day,
            "y": {**servers, "field": "sure"},
            "y2": {"field": "servers"},
            "color": {
                "value": COLOURS[Exposure.VULNERABLE][dark]
            },  # so that the lines' legend shows their dashes
        },
    }
    lines = {
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {"x": day, "y": servers, "color": _colour(present, dark), "strokeDash": _dash(present)},
    }
    rules = {
        "data": {"values": marks},
        "mark": {"type": "rule", "strokeDash": [3, 3], "strokeWidth": 1.5},
        "encoding": {"x": day, "color": {"value": _theme(dark=dark)["ink"]}},
    }
    label = "Servers by state and day. Dashed upright lines: a source changed its method."
    layers = [band, lines, rules] if marks else [band, lines]  # a layer without data has no extent
    return _framed({"data": {"values": rows}, "layer": layers}, label, dark=dark, height=280)


def bars(table: Mapping[str, Mapping[str, int]], label: str, *, dark: bool, most: int = 15) -> Spec:
    """Servers of each part by exposure, the most vulnerable first."""
    order = sorted(table, key=lambda name: (-table[name].get(Exposure.VULNERABLE, 0), name))[:most]
    rows = [
        {
            "part": name or "(none)",
            "state": state,
            "servers": number,
            "rank": list(COLOURS).index(Exposure(state)),
        }
        for name in order
        for state, number in table[name].items()
        if state in COLOURS
    ]
    present = [state for state in COLOURS if any(row["state"] == state for row in rows)]
    part: Spec = {
        "field": "part",
        "type": "nominal",
        "sort": [name or "(none)" for name in order],
        "title": None,
    }
    part["axis"] = {"labelLimit": 220}
    spec = {
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "y": part,
            "x": {"field": "servers", "type": "quantitative", "title": "servers", "stack": "zero"},
            "order": {"field": "rank"},
            "color": _colour(present, dark),
        },
    }
    return _framed(spec, label, dark=dark, height=max(60, 22 * len(order)))


def survival(curve_points: Iterable[Iterable[float]], *, dark: bool) -> Spec:
    """The share of open servers that is still open, by days since each was first seen open."""
    rows = [{"days": day, "share": share} for day, share in curve_points]
    line = {
        "data": {"values": rows},
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
        "encoding": {
            "x": {"field": "days", "type": "quantitative", "title": "days since first seen open"},
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": "still open",
                "axis": {"format": "%"},
                "scale": {"domain": [0, 1]},
            },
            "color": {"value": COLOURS[Exposure.VULNERABLE][dark]},
        },
    }
    return _framed(line, "Share of servers still open, by days since first seen open.", dark=dark, height=200)


SHADES = (
    ("#a61b1b", "#ff8f8f", [1, 0]),
    ("#1f4f9e", "#93b9ff", [6, 3]),
    ("#1b6b3a", "#7fd99f", [2, 2]),
    ("#7a4a00", "#f4c063", [8, 3, 2, 3]),
    ("#4c5666", "#b3bdcc", [1, 3]),
)
"""Colours of groups that are no states, light and dark, each with a dash of its own."""


def shares(groups: Mapping[str, Iterable[tuple[float, float]]], label: str, *, dark: bool) -> Spec:
    """Shares still open by day, a line for each of at most five groups."""
    names = list(groups)[: len(SHADES)]
    rows = [{"group": name, "days": day, "share": share} for name in names for day, share in groups[name]]
    colours = [SHADES[at][dark] for at in range(len(names))]
    dashes = [SHADES[at][2] for at in range(len(names))]
    group = {"field": "group", "type": "nominal", "title": None, "sort": names}
    line = {
        "data": {"values": rows},
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
        "encoding": {
            "x": {"field": "days", "type": "quantitative", "title": "days"},
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": "still open",
                "axis": {"format": "%"},
                "scale": {"domain": [0, 1]},
            },
            "color": {**group, "scale": {"domain": names, "range": colours}},
            "strokeDash": {**group, "scale": {"domain": names, "range": dashes}},
        },
    }
    return _framed(line, label, dark=dark, height=220)


def _row(point: Point) -> dict[str, object]:
    return {"day": str(point.day), "state": point.state, "servers": point.servers, "sure": point.sure}


def _colour(present: Iterable[Exposure], dark: bool) -> Spec:  # noqa: FBT001 - an index of two colours
    shown = list(present)
    scale = {"domain": [state.value for state in shown], "range": [COLOURS[state][dark] for state in shown]}
    return {"field": "state", "type": "nominal", "title": None, "scale": scale, "sort": scale["domain"]}


def _dash(present: Iterable[Exposure]) -> Spec:
    shown = list(present)
    scale = {"domain": [state.value for state in shown], "range": [DASHES[state] for state in shown]}
    return {"field": "state", "type": "nominal", "title": None, "scale": scale, "sort": scale["domain"]}


def _theme(*, dark: bool) -> dict[str, str]:
    return DARK if dark else LIGHT


def _framed(spec: Spec, label: str, *, dark: bool, height: int) -> Spec:
    theme = _theme(dark=dark)
    text = {"labelColor": theme["ink"], "titleColor": theme["ink"], "labelFontSize": 12, "titleFontSize": 12}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": label,
        "width": 960,
        "height": height,
        "padding": {"left": 4, "right": 28, "top": 8, "bottom": 4},
        "background": theme["ground"],
        **spec,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                **text,
                "gridColor": theme["line"],
                "domainColor": theme["line"],
                "tickColor": theme["line"],
            },
            "legend": {
                **text,
                "orient": "bottom",
                "labelLimit": 240,
                "symbolStrokeWidth": 2,
                "columnPadding": 24,
            },
        },
    }
