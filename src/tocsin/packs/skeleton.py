"""The skeleton of a new pack: complete in form, with ``FILL IN`` where knowledge is wanted.

The linter names every ``FILL IN`` that is left, and nothing else about a fresh skeleton.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from tocsin.errors import PackError, UsageFault
from tocsin.packs.indicator_rows import COLUMNS
from tocsin.packs.rules import slug

FILL_IN = "FILL IN"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TITLE = "Sample web shell asked for by name"

_PACK = """\
# What the campaign is, what shows it, and what to do. See docs/how-to/write-a-pack.md.
id: {id}
version: "{today}"
title: "FILL IN: the campaign's usual name"
description: >
  FILL IN: who is hit, through what, and what is done afterwards.
licence: Apache-2.0
author: "FILL IN: who stands behind this pack"
cves: []
# product: exchange          # the folder in products/ whose builds decide the exposure
# first_exploited: {{date: {today}, source: advisory}}
ladder:                      # lowest step first; shown_by: record kinds of docs/reference/fields.md
  - {{id: probe, title: Asked for, shown_by: [iis.w3c, exchange.httpproxy]}}
  - {{id: reached, title: Web shell reached, mandatory: true, shown_by: [iis.w3c, exchange.httpproxy]}}
wanted:
  - {{kind: iis.w3c, why: every request and the status of its answer}}
steps:
  - {{id: preserve, kind: preserve, when: [always]}}
sources:
  advisory: "FILL IN: title, publisher, date and address of the source"
"""

_RULE = """\
title: {title}
status: experimental         # test or stable once it has met real logs; experimental is context only
author: "FILL IN: who wrote the rule"
description: >
  FILL IN: what a match shows, and what it does not show.
references: []
logsource: {{category: webserver}}
detection:
  asked:
    cs-uri-stem|endswith: /sample-name.aspx
  answered:
    sc-status: 200
  condition: asked and answered
means: exploited
rung: reached
summary: "{{cs-uri-stem}} was asked for by {{c-ip}} and answered"
details: [cs-method, cs-uri-query, cs-user-agent]
examples:
  matches:
    - {{cs-uri-stem: /owa/auth/sample-name.aspx, sc-status: 200, c-ip: 192.0.2.10}}
  ignores:
    - {{cs-uri-stem: /owa/auth/sample-name.aspx, sc-status: 404, c-ip: 192.0.2.10}}
    - {{cs-uri-stem: /owa/auth/logon.aspx, sc-status: 200, c-ip: 192.0.2.10}}
"""

_ADVICE = """\
FILL IN: copy the logs and the files named in the findings before anything is removed.
"""


def write_skeleton(name: str, folder: Path, *, today: date) -> tuple[Path, ...]:
    """Write a new pack into ``folder/name`` and give the files written.

    Raises:
        UsageFault: the name is none, or the folder is there already.
        PackError: the folder cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageFault(
            f"'{name}' is no name for a pack.", remedy="Use lower-case letters, digits and hyphens."
        )
    root = folder / name
    if root.exists():
        raise UsageFault("this folder is there already.", where=str(root), remedy="Choose another name.")
    files = {
        "pack.yaml": _PACK.format(id=name, today=today.isoformat()),
        f"rules/{slug(_TITLE)}.yaml": _RULE.format(title=_TITLE),
        "advice/preserve.md": _ADVICE,
        "indicators/indicators.csv": ",".join(COLUMNS) + "\n",
    }
    return tuple(_write(root / path, text) for path, text in files.items())


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise PackError(f"cannot be written: {error}.", where=str(path), remedy="Use --into.") from error
    return path
