"""Charts as SVG, drawn in this process and kept by their digest: the same figures are drawn once."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

import msgspec
from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe

from tocsin.hub.situation.charts import Spec

_ROLES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
"""What Vega tells screen readers, mark by mark and without names; figure and table say it better."""
KEPT_SECONDS = 7 * 24 * 3600


class Chart(NamedTuple):
    """One chart for pages: light and dark, and what it shows, in words."""

    label: str
    light: SafeString
    dark: SafeString


def chart(light: Spec, dark: Spec) -> Chart:
    """Draw a chart in both looks."""
    return Chart(str(light["description"]), drawn(light), drawn(dark))


def drawn(spec: Spec) -> SafeString:
    """A document as an ``<svg>`` element without styles, scripts, or names that another chart has."""
    digest = hashlib.sha256(msgspec.json.encode(spec, order="sorted")).hexdigest()
    key = f"chart/3:{digest}"
    svg = cache.get(key)
    if svg is None:
        svg = _draw(spec, digest[:8])
        cache.set(key, svg, KEPT_SECONDS)
    safe: SafeString = mark_safe(svg)  # noqa: S308 - Vega escapes the texts that it draws
    return safe


def _draw(spec: Spec, prefix: str) -> str:
    import vl_convert  # noqa: PLC0415 - eighty megabytes that only this needs

    svg: str = vl_convert.vegalite_to_svg(spec)
    plain = _ROLES.sub("", svg).replace("<svg ", '<svg aria-hidden="true" ', 1)
    return plain.replace('id="', f'id="c{prefix}-').replace("url(#", f"url(#c{prefix}-")
