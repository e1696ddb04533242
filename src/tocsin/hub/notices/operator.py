"""Who sends notices: what the operator of this hub wrote about reaching it, as its public page shows it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from tocsin.hub.accounts.selectors import operator_texts
from tocsin.hub.rules.notices import plain
from tocsin.hub.rules.notices_texts import Wording, wording
from tocsin.hub.rules.xarf import Reporter

WORDING = Path(__file__).parent / "wording"
NAME = "contact-name"
MAIL = "contact-mail"
PARTS = (
    (NAME, "Name of the CERT or operator, as notices are signed"),
    ("contact-phone", "Telephone number, with its hours and time zone"),
    (MAIL, "Mail address"),
    ("contact-address", "Postal address"),
    ("contact-pgp", "Fingerprint of the OpenPGP key, and where to find the key"),
    ("contact-smime", "Fingerprint of the S/MIME certificate, and who issued it"),
    ("contact-more", "Anything else, such as other languages that are spoken"),
)
UNNAMED = "The operator of this hub"


def reporter() -> Reporter:
    """Who signs notices, as X-ARF names it. The name is one line, and no address of a page."""
    texts = operator_texts()
    name = plain(texts.get(NAME, "")) or UNNAMED
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    mail = plain(texts.get(MAIL, "")) or f"hub@{host}"
    return Reporter(
        org=UNNAMED if "://" in name else name, contact=mail, domain=mail.rpartition("@")[2] or host
    )


def words() -> Wording:
    """Templates and phrases of every language."""
    return wording(WORDING)
