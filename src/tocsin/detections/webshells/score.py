"""How sure: a calibrated score from named features, and which of them carried it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

BIAS = "bias"
FLAGGED = 0.5
"""A file with this score or more is called a web shell."""
SIGNS = {
    "grave": 1,
    "flow": 1,
    "bound": 1,
    "sink": 1,
    "use": 1,
    "sig": 1,
    "note": 1,
    "fetch": 1,
    "shape": 1,
    "many": 1,
    "calm": -1,
}
JUDGED = {"grave:keys": 6.0, "grave:ghost": 6.0, "grave:listed": 8.0}
"""Weights by judgement: the corpus holds no page, of either kind, from which they could be fitted."""
_WEIGHTS = Path(__file__).with_name("weights.json")


def sign_of(name: str) -> int:
    """Give 1 for evidence that may only raise a score, -1 for such as may only lower it, 0 for either."""
    return SIGNS.get(name.partition(":")[0], 0)


_MODELS = frozenset({"asp", "jsp", "php", "cfm"})


def model_of(features: Mapping[str, float]) -> str:
    """Give which model judges a file: one for each common family of pages, ``net`` for the rest."""
    family = next((name.partition(":")[2] for name in features if name.startswith("family:")), "")
    return family if family in _MODELS else "net"


@cache
def weights() -> Mapping[str, Mapping[str, float]]:
    """Give the fitted weights of every model (``python -m benchmarks.webshells fit``)."""
    fitted = msgspec.json.decode(_WEIGHTS.read_bytes(), type=dict[str, dict[str, float]])
    return {model: {**JUDGED, **weighed} for model, weighed in fitted.items()}


def margin_of(features: Mapping[str, float], weighed: Mapping[str, float]) -> float:
    """Give the sum of what speaks for a shell and against it; a feature without a weight says nothing."""
    return weighed.get(BIAS, 0.0) + sum(weighed.get(name, 0.0) * value for name, value in features.items())


def score_of(features: Mapping[str, float], weighed: Mapping[str, float]) -> float:
    """Give the score from 0 to 1."""
    margin = margin_of(features, weighed)
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, margin))))
