"""What templates of all apps draw alike: states, values of a list, days."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

MEANS = {
    "patched": "patched: the way in is closed; it is not shown that nobody came in before",
    "verified-clean": "verified clean: shown by re-assessed evidence, for this campaign on this server",
    "unreachable": "unreachable: looked for and not found, which is not fixed",
}


@register.simple_tag
def state(value: object) -> SafeString:
    """A state as text and colour: ``{% state standing.exposure %}``."""
    word = str(value)
    return format_html('<span class="state state-{}" title="{}">{}</span>', word, MEANS.get(word, word), word)
