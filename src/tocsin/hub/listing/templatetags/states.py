"""What templates of all apps draw alike."""

from __future__ import annotations

from django import template

from tocsin.hub.listing.drawing import state

register = template.Library()
register.simple_tag(state)  # {% state standing.exposure %}
