"""The known-good list says yes or says nothing; it never says no."""

from __future__ import annotations

from tests.detections.exposure_makers import V15, exchange

from tocsin.detections.known_good import KnownFile, known_file

SHA256, PLACES = next(
    (sha256, places)
    for sha256, places in exchange().known_good.items()
    if any(place == "/frontend/httpproxy/owa/auth/logon.aspx" for place in places)
)
LOGON = f"C:\\{V15}\\FrontEnd\\HttpProxy\\owa\\auth\\logon.aspx".replace("/", "\\")


def test_a_page_of_the_vendor_in_its_place() -> None:
    assert known_file(exchange(), LOGON, SHA256.upper()) is KnownFile.KNOWN_GOOD


def test_the_same_page_elsewhere_is_displaced() -> None:
    where = "inetpub/wwwroot/aspnet_client/logon.aspx"
    assert known_file(exchange(), where, SHA256) is KnownFile.DISPLACED
    assert known_file(exchange(), LOGON.replace("logon", "xlogon"), SHA256) is KnownFile.DISPLACED


def test_another_hash_is_unknown_and_not_suspicious() -> None:
    assert known_file(exchange(), LOGON, "0" * 64) is KnownFile.UNKNOWN
