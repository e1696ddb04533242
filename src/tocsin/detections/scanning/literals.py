"""The texts that the gates of all row logs look for, as any other program could look for them."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.detections.matching import Matcher
from tocsin.detections.scanning.lanes import Lanes, Scanning
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product


def required_literals(packs: Sequence[Pack], products: Sequence[Product] = ()) -> list[str]:
    """Give every literal of every gate, in lower case, sorted; gates that have none are left out."""
    lanes = Lanes(Matcher(packs), packs, products, Scanning())
    return sorted({text for gate in lanes.gates() for text in gate.literals})
