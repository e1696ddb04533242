"""Mitigations: effective only when files prove it; anything less says what is missing."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detections.exposure_makers import (
    ANON,
    BACKEND,
    HOST_CONFIG,
    ROOT_CONFIG,
    V15,
    exchange,
    host,
    mitigations,
    record,
    rule,
    rules,
    source,
    web,
)

from tocsin.artefacts import iis_config
from tocsin.detections.iis_layout import ConfigFile
from tocsin.detections.mitigations import MitigationCollector
from tocsin.evidence.source import Source
from tocsin.model.verdicts import MitigationSeen
from tocsin.model.words import MitigationStatus as Is

COOKIES = "backend-cookie-rules"
POWERSHELL = "powershell-rule"
CSP = "owa-csp-rule"
BOTH = web(rules(ANON, BACKEND))
MARCH = datetime(2021, 3, 7, 12, tzinfo=UTC)


def vdir(name: str, text: str) -> Source:
    return source(f"{V15}/FrontEnd/HttpProxy/{name}/web.config", text)


def cookies(*sources: Source) -> MitigationSeen:
    return mitigations(*sources)[COOKIES]


def at_root(*texts: str) -> MitigationSeen:
    return cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, web(rules(*texts))))


def test_both_rules_and_the_module_are_effective_and_dated() -> None:
    found = cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH, MARCH))
    assert found.status is Is.EFFECTIVE
    assert found.start == MARCH
    assert "at the latest since" in found.why
    assert str(found.locator) == f"C/{ROOT_CONFIG}:1"
    assert found.protects == ("CVE-2021-26855",)
    assert any("not a remedy if the server is already compromised" in one for one in found.caveats)


def test_rules_in_applicationhost_are_as_good() -> None:
    section = rules(ANON, BACKEND)
    here = f'<location path="Default Web Site"><system.webServer>{section}</system.webServer></location>'
    assert (
        cookies(source(HOST_CONFIG, host(locations=here)), source(ROOT_CONFIG, web(""))).status
        is Is.EFFECTIVE
    )
    everywhere = host(root=section.replace("rules>", "globalRules>"))
    assert cookies(source(HOST_CONFIG, everywhere), source(ROOT_CONFIG, web(""))).status is Is.EFFECTIVE


def test_a_location_in_other_letters_does_not_count() -> None:
    section = rules(ANON, BACKEND)
    other = f'<location path="default web site"><system.webServer>{section}</system.webServer></location>'
    assert (
        cookies(source(HOST_CONFIG, host(locations=other)), source(ROOT_CONFIG, web(""))).status is Is.ABSENT
    )


@pytest.mark.parametrize(
    "texts",
    [
        (ANON.replace("(.*)", ".*"), BACKEND.replace("(.+)", ".+").replace("(.*)", "")),
        (rule("one for all", "X-AnonResource-Backend|X-BEResource=.+/.+~.+"),),
        (ANON.replace("{HTTP_COOKIE}", "{http_cookie}"), BACKEND.replace("{HTTP_COOKIE}", "{ HTTP_COOKIE }")),
        (ANON.replace("AbortRequest", "CustomResponse"), BACKEND),
        (ANON.replace('name="', 'enabled="true" name="'), BACKEND),
        (rule("w", "*X-AnonResource-Backend*", url="*", extra='patternSyntax="Wildcard"'), BACKEND),
        (
            rule(
                "any",
                "X-AnonResource-Backend",
                conditions='<add input="{HTTP_COOKIE}" pattern="X-BEResource=(.+)/(.+)~(.+)" />',
                grouping='logicalGrouping="MatchAny"',
            ),
        ),
    ],
)
def test_other_ways_to_write_the_same(texts: tuple[str, ...]) -> None:
    assert at_root(*texts).status is Is.EFFECTIVE


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ((ANON,), "No rule like 'X-BEResource Abort - inbound'"),
        ((BACKEND,), "No rule like 'X-AnonResource-Backend Abort - inbound'"),
        ((ANON, BACKEND.replace('name="', 'enabled="false" name="')), "is disabled"),
        ((ANON, BACKEND.replace('name="', 'enabled="False" name="')), "is disabled"),
        ((ANON, BACKEND.replace("AbortRequest", "None")), "does not act as it should (action None)"),
        ((ANON, BACKEND.replace("(.+)~(.+)", "(.+)~1942")), "does not stop every known form"),
        (
            (ANON, BACKEND.replace("pattern=", 'ignoreCase="false" pattern=')),
            "does not stop every known form",
        ),
        ((ANON, BACKEND.replace("pattern=", 'negate="true" pattern=')), "does not stop every known form"),
        ((ANON, BACKEND.replace('url=".*"', 'url="^owa"')), "does not stop every known form"),
        (
            (
                ANON,
                rule(
                    "X",
                    "X-BEResource=(.+)/(.+)~(.+)",
                    conditions='<add input="{REMOTE_ADDR}" pattern="^203" />',
                ),
            ),
            "also depends on {REMOTE_ADDR}",
        ),
        (
            (rule("let through", ".*", extra='stopProcessing="true"', action="None"), ANON, BACKEND),
            "'let through' stops processing before",
        ),
        ((ANON, BACKEND, '<remove name="X-BEResource Abort - inbound" />'), "No rule like 'X-BEResource"),
    ],
)
def test_anything_less_is_partial_and_says_why(texts: tuple[str, ...], said: str) -> None:
    found = at_root(*texts)
    assert found.status is Is.PARTIAL
    assert said in found.why
    assert found.start is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name="', 'enabled="false" name="', "is disabled"),
        ("AbortRequest", "None", "does not act as it should (action None)"),
        ("AbortRequest", "Rewrite", "does not act as it should (action Rewrite)"),
    ],
)
def test_rules_that_stop_nothing_are_absent_and_say_why(old: str, new: str, said: str) -> None:
    found = at_root(ANON.replace(old, new), BACKEND.replace(old, new))
    assert found.status is Is.ABSENT
    assert said in found.why
    assert found.locator is not None


@pytest.mark.parametrize("undo", ["<clear />", '<remove name="X-BEResource Abort - inbound" />'])
def test_one_directory_that_undoes_the_rule_makes_it_partial(undo: str) -> None:
    found = cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH), vdir("owa", web(rules(undo))))
    assert found.status is Is.PARTIAL
    assert "At /owa." in found.why


def test_a_directory_below_that_undoes_the_rule_makes_it_partial() -> None:
    found = cookies(
        source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH), vdir("owa/auth", web(rules("<clear />")))
    )
    assert found.status is Is.PARTIAL
    assert "At /owa/auth." in found.why


def test_clearing_elsewhere_changes_nothing() -> None:
    back_end = source(f"{V15}/ClientAccess/owa/web.config", web(rules("<clear />")))
    assert cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH), back_end).status is Is.EFFECTIVE


def test_rules_that_the_applications_do_not_inherit_are_partial() -> None:
    inner = f"<system.webServer>{rules(ANON, BACKEND)}</system.webServer>"
    text = f'<configuration><location inheritInChildApplications="false">{inner}</location></configuration>'
    found = cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, text))
    assert found.status is Is.PARTIAL
    assert "/ecp" in found.why
    reaching = text.replace(' inheritInChildApplications="false"', ' path="."')
    assert cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, reaching)).status is Is.EFFECTIVE


def test_a_location_in_the_root_web_config_reaches_its_path_alone() -> None:
    inner = f"<system.webServer>{rules(ANON, BACKEND)}</system.webServer>"
    text = f'<configuration><location path="ecp">{inner}</location></configuration>'
    found = cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, text))
    assert found.status is Is.PARTIAL
    assert "At /, /Autodiscover, /EWS, /PowerShell and 1 more." in found.why
    assert "/ecp" not in found.why


def test_without_the_module_rules_do_nothing() -> None:
    missing = cookies(source(HOST_CONFIG, host(module=False)), source(ROOT_CONFIG, BOTH))
    assert (missing.status, "is not installed" in missing.why) == (Is.ABSENT, True)
    unloaded = vdir("ecp", web('<modules><remove name="RewriteModule" /></modules>'))
    removed = cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH), unloaded)
    assert (removed.status, "not loaded. At /ecp" in removed.why) == (Is.PARTIAL, True)
    unknown = cookies(source(ROOT_CONFIG, BOTH))
    assert (unknown.status, "nothing shows" in unknown.why) == (Is.PARTIAL, True)


def test_read_and_not_there_is_absent_with_a_place() -> None:
    found = cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, web("")))
    assert found.status is Is.ABSENT
    assert str(found.locator) == f"C/{ROOT_CONFIG}:1"
    unrelated = at_root(rule("https", "off", cookie="{HTTPS}", action="Redirect"))
    assert unrelated.status is Is.ABSENT


def test_not_collected_is_unknown() -> None:
    assert cookies().status is Is.UNKNOWN
    assert cookies(source(HOST_CONFIG, host())).status is Is.UNKNOWN
    elsewhere = source(f"{V15}/ClientAccess/owa/web.config", web(""))
    assert cookies(elsewhere).status is Is.UNKNOWN
    outside = web('<rewrite><rules configSource="rules.config" /></rewrite>')
    assert cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, outside)).status is Is.UNKNOWN


def test_rules_in_a_file_of_unknown_place_are_partial() -> None:
    found = cookies(source("web.config", BOTH))
    assert found.status is Is.PARTIAL
    assert "place on the server is not known" in found.why


@pytest.mark.parametrize(
    "broken",
    [BOTH.replace("</rules>", ""), BOTH[:-20], f"{BOTH}{BOTH}", '\n<?xml version="1.0"?>' + BOTH, ""],
)
def test_a_malformed_file_with_the_rules_is_invalid_and_never_a_mitigation(broken: str) -> None:
    for sources in (
        [source(HOST_CONFIG, host()), source(ROOT_CONFIG, broken)],
        [source(ROOT_CONFIG, broken)],
        [source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH), vdir("ecp", broken)],
    ):
        found = cookies(*sources)
        assert found.status is Is.CONFIGURATION_INVALID
        assert "malformed at line" in found.why
        assert found.start is None


def test_malformed_elsewhere_counts_only_if_it_holds_the_rules() -> None:
    base = [source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH)]
    place = f"{V15}/ClientAccess/ecp/web.config"
    assert cookies(*base, source(place, web("<oops>"))).status is Is.EFFECTIVE
    assert cookies(*base, source(place, BOTH[:-3])).status is Is.CONFIGURATION_INVALID


def test_a_malformed_applicationhost_makes_everything_invalid() -> None:
    found = mitigations(source(HOST_CONFIG, host()[:-30]), source(ROOT_CONFIG, BOTH))
    assert found[COOKIES].status is Is.CONFIGURATION_INVALID
    assert found["ecp-pool-off"].status is Is.CONFIGURATION_INVALID


def test_copies_that_iis_keeps_do_not_count() -> None:
    old = source("inetpub/history/CFGHISTORY_0000000001/applicationHost.config", host()[:-30])
    assert cookies(source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH), old).status is Is.EFFECTIVE


def test_copies_under_another_name_do_not_count() -> None:
    base = [source(HOST_CONFIG, host()), source(ROOT_CONFIG, BOTH)]
    for name, text in (("web.config.bak", BOTH[:-9]), ("web.config.old", web(rules("<clear />")))):
        assert cookies(*base, source(f"inetpub/wwwroot/{name}", text)).status is Is.EFFECTIVE
    spare = source(HOST_CONFIG.replace(".config", ".config.bak"), host()[:-9])
    assert cookies(*base, spare).status is Is.EFFECTIVE


def test_a_configuration_without_end_is_bounded() -> None:
    many = "".join(rule(f"r{number}", "x") for number in range(1200))
    found = at_root(ANON, BACKEND, many)
    assert found.status is Is.PARTIAL
    assert "by hand" in found.why
    places = "".join(f'<application path="/a{number}" />' for number in range(5000))
    wide = host().replace("</site>", f"{places}</site>")
    assert cookies(source(HOST_CONFIG, wide), source(ROOT_CONFIG, BOTH)).status is Is.EFFECTIVE


def test_a_translated_default_site_is_recognised_by_its_number() -> None:
    renamed = host(site="Site Web par défaut")
    assert cookies(source(HOST_CONFIG, renamed), source(ROOT_CONFIG, BOTH)).status is Is.EFFECTIVE


# --- 41040 ------------------------------------------------------------------------------------

DECODED = "{UrlDecode:{REQUEST_URI}}"
GOOD = rule("PowerShell - inbound", "(?=.*autodiscover)(?=.*powershell)", cookie=DECODED)


def powershell(text: str) -> MitigationSeen:
    return mitigations(source(HOST_CONFIG, host()), source(ROOT_CONFIG, web(rules(text))))[POWERSHELL]


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("PowerShell - inbound", "EEMS M1.1 PowerShell - inbound"),
        GOOD.replace("UrlDecode", "URLDECODE"),
    ],
)
def test_the_final_powershell_rule_is_effective(text: str) -> None:
    assert powershell(text).status is Is.EFFECTIVE


@pytest.mark.parametrize(
    ("pattern", "asked", "said"),
    [
        (r".*autodiscover\.json.*\@.*Powershell.*", "{REQUEST_URI}", "early pattern"),
        (r".*autodiscover\.json.*Powershell.*", DECODED, "early pattern"),
        (r"(?=.*autodiscover\.json)(?=.*powershell)", DECODED, "early pattern"),
        (r"(?=.*autodiscover)(?=.*powershell)", "{REQUEST_URI}", "can be got round"),
        (r"autodiscover\.json.+powershell", DECODED, "does not stop every known form"),
    ],
)
def test_early_forms_of_the_powershell_rule_are_partial(pattern: str, asked: str, said: str) -> None:
    found = powershell(rule("PowerShell - inbound", pattern, cookie=asked))
    assert found.status is Is.PARTIAL
    assert said in found.why


def test_the_powershell_rule_needs_autodiscover_alone() -> None:
    base = [source(HOST_CONFIG, host()), source(ROOT_CONFIG, web(rules(GOOD)))]
    other = mitigations(*base, vdir("owa", web(rules("<clear />"))))[POWERSHELL]
    assert other.status is Is.EFFECTIVE
    here = mitigations(*base, vdir("Autodiscover", web(rules("<clear />"))))[POWERSHELL]
    assert here.status is not Is.EFFECTIVE


# --- 42897 ------------------------------------------------------------------------------------

CONDITIONS = (
    '<add input="{RESPONSE_CONTENT_TYPE}" pattern="^text/html" />'
    '<add input="{REQUEST_URI}"'
    r' pattern="^/owa/?($|\?|default\.aspx|projection\.aspx|readingPane\.aspx|popout\.aspx)" />'
)
OUTBOUND = f"""<rewrite><outboundRules>
  <rule name="EOMT OWA CSP - outbound" preCondition="html" patternSyntax="ECMAScript">
    <match serverVariable="RESPONSE_Content_Security_Policy" pattern="(.*)" />
    <action type="Rewrite" value="{{R:1}}; script-src-attr 'none'" />
  </rule>
  <preConditions><preCondition name="html">{CONDITIONS}</preCondition></preConditions>
</outboundRules></rewrite>"""


def outbound(text: str) -> MitigationSeen:
    return mitigations(source(HOST_CONFIG, host()), vdir("owa", web(text)))[CSP]


def test_the_outbound_rule_is_read() -> None:
    assert outbound(OUTBOUND).status is Is.EFFECTIVE
    assert outbound("").status is Is.ABSENT


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("script-src-attr 'none'", "default-src *", "writes another value"),
        ('preCondition="html"', 'preCondition="gone"', "not there"),
        (r"|readingPane\.aspx|popout\.aspx", "", "does not run for every response"),
        ('type="Rewrite"', 'type="None"', "does not act"),
        ('<rule name="EOMT', '<rule enabled="false" name="EOMT', "is disabled"),
        ('pattern="(.*)"', 'pattern="(.+)x"', "does not rewrite every form"),
    ],
)
def test_an_outbound_rule_that_falls_short(old: str, new: str, said: str) -> None:
    assert old in OUTBOUND
    found = outbound(OUTBOUND.replace(old, new))
    assert found.status is (Is.ABSENT if said in {"does not act", "is disabled"} else Is.PARTIAL)
    assert said in found.why


# --- pools and services -----------------------------------------------------------------------

OFF = '<add name="MSExchangeECPAppPool" autoStart="false" />'
ON = '<add name="MSExchangeECPAppPool" />'


def refused(queue: str, time: str, reason: str = "Disabled", line: int = 1) -> object:
    return record("http.err", "httperr1.log", line, time, sc_status="503", s_reason=reason, s_queuename=queue)


def test_a_pool_that_does_not_start_is_effective() -> None:
    found = mitigations(source(HOST_CONFIG, host(pools=OFF), MARCH))["ecp-pool-off"]
    assert (found.status, found.start) == (Is.EFFECTIVE, MARCH)
    assert mitigations(source(HOST_CONFIG, host(pools=ON)))["ecp-pool-off"].status is Is.ABSENT
    by_default = host(pools=ON).replace(
        "<applicationPoolDefaults />", '<applicationPoolDefaults autoStart="false" />'
    )
    assert mitigations(source(HOST_CONFIG, by_default))["ecp-pool-off"].status is Is.EFFECTIVE


def test_httperr_dates_a_pool_that_is_off() -> None:
    witnesses = [
        refused("MSExchangeECPAppPool", "2021-03-08T00:00:00+00:00", line=2),
        refused("MSExchangeECPAppPool", "2021-03-06T00:00:00+00:00", line=1),
    ]
    found = mitigations(source(HOST_CONFIG, host(pools=OFF), MARCH), extra=witnesses)["ecp-pool-off"]  # type: ignore[arg-type]  # records
    assert found.start == datetime(2021, 3, 6, tzinfo=UTC)
    assert "HTTPERR" in found.why
    alone = mitigations(extra=witnesses)["ecp-pool-off"]  # type: ignore[arg-type]  # as above
    assert alone.status is Is.UNKNOWN
    assert (alone.start, alone.end) == (datetime(2021, 3, 6, tzinfo=UTC), datetime(2021, 3, 8, tzinfo=UTC))
    assert str(alone.locator) == "C/httperr1.log:1"


def test_request_cancelled_dates_nothing() -> None:
    witness = refused("MSExchangeECPAppPool", "2021-03-06T00:00:00+00:00", "Request_Cancelled")
    found = mitigations(extra=[witness])["ecp-pool-off"]  # type: ignore[list-item]  # a record
    assert (found.start, found.locator) == (None, None)


def test_services_cannot_be_told_from_files_and_it_says_so() -> None:
    found = mitigations(source(HOST_CONFIG, host()))["um-services-off"]
    assert found.status is Is.UNKNOWN
    assert "registry" in found.why


# --- properties -------------------------------------------------------------------------------


@given(st.randoms(use_true_random=False))
def test_the_order_of_input_never_matters(shuffler: random.Random) -> None:
    sources = [
        source(HOST_CONFIG, host(pools=OFF)),
        source(ROOT_CONFIG, web(rules(ANON, BACKEND))),
        vdir("owa", web(rules("<clear />", ANON))),
        vdir("ecp", "<broken"),
    ]
    items = [(item, one) for one in sources for item in iis_config.parse(one)]
    straight, shuffled = MitigationCollector(), MitigationCollector()
    for item, one in items:
        straight.observe(item, one)
    shuffler.shuffle(items)
    for item, one in items:
        shuffled.observe(item, one)
    assert shuffled.judge(exchange()) == straight.judge(exchange())


@given(st.text(alphabet="(.*+?)|[]{}\\aX-BEResource=/~1,", max_size=60))
def test_a_hostile_pattern_is_never_taken_for_a_mitigation_by_accident(pattern: str) -> None:
    escaped = pattern.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    found = at_root(rule("X", escaped))
    assert found.status in {Is.ABSENT, Is.PARTIAL, Is.EFFECTIVE}


@pytest.mark.parametrize(
    "pattern", ["(X+)+Y", "(X|X)*Y", "(.*)*~", "(.*){1,99}~", r"(X)\1", ".*.*.*.*.*.*.*.*~"]
)
def test_a_pattern_that_could_take_forever_is_not_run(pattern: str) -> None:
    assert at_root(ANON, rule("X", pattern)).status is not Is.EFFECTIVE


def test_a_configuration_in_a_shadow_copy_is_not_in_force() -> None:
    for where, live in (
        ("inetpub/wwwroot/web.config", True),
        ("shadow-copy-1/inetpub/wwwroot/web.config", False),
    ):
        assert ConfigFile(path="x", where=where, modified=None, settings=[]).is_live is live
