"""Servers by the beginning of what they are called, for every list that names servers."""

from __future__ import annotations

from django.db.models import QuerySet

from tocsin.hub.census.models import Server
from tocsin.hub.listing import prefixes


def servers_that_begin(text: str) -> QuerySet[Server]:
    """Servers whose address or host name begins with a text.

    Raises:
        Unclear: it is the beginning of neither.
    """
    text = text.lower()
    if prefixes.looks_like_address(text):
        return Server.objects.filter(prefixes.address("ip", text))
    return Server.objects.filter(prefixes.name("hostname", text))
