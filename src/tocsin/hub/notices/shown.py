"""A message as pages show it: word for word, with words where the owner's link will stand."""

from __future__ import annotations

from typing import Any

from tocsin.hub.notices import operator
from tocsin.hub.notices.models import Delivery
from tocsin.hub.rules.notices_texts import ENGLISH, LINK


def text_of(row: Delivery) -> str:
    """The text; the secret of an owner's link is shown nowhere but in the message itself."""
    words = operator.words().words
    spoken = words.get(row.language, words[ENGLISH])
    return row.text.replace(LINK, spoken.link_comes)


def shown(row: Delivery) -> dict[str, Any]:
    """What the page of a message shows."""
    return {"row": row, "text": text_of(row), "message": row.message}
