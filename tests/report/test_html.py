"""The page: whole as a golden file, sound, self-contained, and trusting nothing in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.report.samples import HOSTILE, SAMPLES

from tocsin.report.html import render

GOLDEN = Path(__file__).parent / "golden" / "html"
CSS = Path(__file__).parents[2] / "src" / "tocsin" / "report" / "templates" / "report.css"
VOID = {"meta", "link", "br", "input", "img", "hr"}
ALLOWED = {
    word
    for line in (
        "html,head,meta,title,link,style,body,header,main,section,article,nav,footer,form,label,input,output",
        "svg,defs,pattern,rect,circle,path,line,text,tspan,g,desc,figure,figcaption,details,summary,script",
        "a,p,b,i,mark,h1,h2,h3,h4,span,div,dl,dt,dd,ul,ol,li,table,thead,tbody,tr,th,td,code,strong,time,cite,br,pre",
    )
    for word in line.split(",")
}


class Page(HTMLParser):
    """Tags with their attributes, ids, and whether every element was closed in its place."""

    def __init__(self, text: str) -> None:
        """Read the whole page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"huge"}))
def test_the_page(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.golden.html", render(SAMPLES[name]()))


@pytest.fixture(scope="module", params=list(SAMPLES))
def page(request: pytest.FixtureRequest) -> Page:
    return Page(render(SAMPLES[request.param]()))


def test_it_is_well_formed(page: Page) -> None:
    assert page.open == []
    assert {tag for tag, _ in page.tags} <= ALLOWED


def test_it_asks_for_nothing(page: Page) -> None:
    for tag, attributes in page.tags:
        assert "src" not in attributes, tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,")), attributes
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "url(" not in " ".join(value or "" for value in attributes.values())


def test_every_link_leads_to_a_place_in_it(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    links = {
        attributes["href"] or "" for tag, attributes in page.tags if tag == "a" and attributes.get("href")
    }
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_every_name_that_a_label_refers_to_is_there(page: Page) -> None:
    ids = {attributes.get("id") for _, attributes in page.tags}
    for _, attributes in page.tags:
        assert set((attributes.get("aria-labelledby") or "").split()) <= ids


def test_pictures_say_what_they_show() -> None:
    text = render(SAMPLES["compromised"]())
    pictures = re.findall(r'<svg class="timeline".*?(?=<figcaption)', text, re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        assert re.search(r"<title [^>]*>[^<]{20,}</title>", picture)
        assert re.search(r"<desc [^>]*>[^<]{40,}</desc>", picture)


def test_the_policy_allows_its_own_sheet_and_script_alone() -> None:
    text = render(SAMPLES["compromised"]())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "unsafe" not in policy[1]
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]


def test_evidence_makes_no_markup_and_no_character_acts() -> None:
    text = render(SAMPLES["hostile"]())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text)
    words = "".join(Page(text).words)
    assert "{{ 7*7 }}" in words
    assert HOSTILE[0].split("[link")[0] in words
    assert "eval(" not in words.replace("function", "")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_finding_is_there_at_its_place(name: str) -> None:
    assessment = SAMPLES[name]()
    if name == "hostile":
        assessment = SAMPLES["compromised"]()
    words = "".join(Page(render(assessment)).words)
    for verdict in assessment.verdicts:
        for finding in verdict.findings:
            assert str(finding.locator) in words


def test_a_big_report_stays_usable() -> None:
    text = render(SAMPLES["huge"]())
    assert len(text) < 5_000_000
    assert text.count('<details class="group">') == 4


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


PALETTES = re.findall(r":root \{(.*?)\}", CSS.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark", "print"])
def test_text_has_the_contrast_of_wcag_aa(palette: str) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", palette))
    for ink in ("ink", "soft", "link", "grave", "serious", "caution", "blind", "good"):
        assert contrast(colours[ink], colours["paper"]) >= 4.5, ink
    for ink in ("ink", "soft", "link"):
        assert contrast(colours[ink], colours["wash"]) >= 4.5, ink
        assert contrast(colours[ink], colours["band"]) >= 4.5, ink
    for tone in ("serious", "caution"):
        assert contrast(colours["ink"], colours[f"{tone}-wash"]) >= 4.5, tone
    assert contrast(colours["read"], colours["paper"]) >= 3
