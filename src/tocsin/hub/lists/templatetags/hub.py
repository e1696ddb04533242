"""Tags of lists: addresses that keep their filters, heads of columns that sort, Markdown without HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

register = template.Library()
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def _commands(_: object, tokens: Sequence[Token], at: int, *_rest: object) -> str:
    """A block of commands, which may be wider than the page: whoever uses a keyboard can scroll it."""
    return f'<pre tabindex="0"><code>{escapeHtml(tokens[at].content)}</code></pre>\n'


for _kind in ("fence", "code_block"):
    _markdown.add_render_rule(_kind, _commands)


@register.simple_tag(takes_context=True)
def address_with(context: dict[str, Any], **changes: Any) -> str:
    """This page's address with some of its parameters changed; an empty value removes one."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in {"", None}:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def head(context: dict[str, Any], label: str, sort: str) -> SafeString:
    """A column's head that sorts by ``sort``; a second click turns the order."""
    now = str(context["request"].GET.get("sort") or context.get("sorted_by") or "")
    turned = now == sort
    state = "ascending" if turned else "descending" if now == f"-{sort}" else "none"
    href = address_with(context, sort=f"-{sort}" if turned else sort, cursor="")
    arrow = {"ascending": " ↑", "descending": " ↓", "none": ""}[state]
    shown: SafeString = format_html(
        '<th aria-sort="{}"><a href="{}">{}{}</a></th>', state, href, label, arrow
    )
    return shown


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as HTML. HTML in it is shown, not obeyed; no images, and links only to safe schemes."""
    rendered: str = _markdown.render(text or "")
    rendered = rendered.replace("<pre>", '<pre tabindex="0">')  # what scrolls is reached by keyboard
    return SafeString(rendered)  # the renderer escapes whatever is not Markdown
