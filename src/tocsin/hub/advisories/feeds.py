"""What everybody may read, as Atom and RSS feeds: summaries in plain text, links to the pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.views.decorators.http import require_safe

from tocsin.hub.advisories import addresses, selectors
from tocsin.hub.advisories.models import Version

KINDS: dict[str, type[SyndicationFeed]] = {"atom": Atom1Feed, "rss": Rss201rev2Feed}
TYPES = {"atom": "application/atom+xml; charset=utf-8", "rss": "application/rss+xml; charset=utf-8"}
NEWEST = 50


@require_safe
def feed(request: HttpRequest, kind: str) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """The newest advisories; a new version moves one to the top."""
    if kind not in KINDS:
        raise Http404
    found = selectors.public().defer("csaf")[:NEWEST]
    made = _empty(kind)
    for version in found:
        _add(made, version)
    answer = HttpResponse(content_type=TYPES[kind])
    made.write(answer, "utf-8")
    return answer


def _empty(kind: str) -> SyndicationFeed:
    speaker = selectors.publisher()
    name = speaker.name if speaker else "Tocsin"
    return KINDS[kind](
        title=f"Advisories of {name}",
        link=addresses.absolute(reverse("advisories")),
        description=f"Advisories that {name} publishes to everybody (TLP:CLEAR)",
        feed_url=addresses.absolute(reverse("advisory-feed", args=[kind])),
        author_name=name,
        language="en",
    )


def _add(made: SyndicationFeed, version: Version) -> None:
    link, content = addresses.page(version.advisory.slug), version.content
    made.add_item(
        title=content.title,
        link=link,
        description=content.summary,
        unique_id=link,
        pubdate=version.advisory.released or version.at,
        updateddate=version.at,
        categories=[cve for cve, _ in content.cves],
    )
