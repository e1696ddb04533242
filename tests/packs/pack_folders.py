"""Makes pack folders for tests: a small sound one, whose files a test then changes."""

from __future__ import annotations

import textwrap
from pathlib import Path

PACK = """\
id: sample
version: "1"
title: Sample campaign
description: A campaign that never was.
licence: Apache-2.0
author: Tocsin
first_exploited: {date: 2021-01-03, source: advisory}
ladder:
  - {id: probe, title: Probed, shown_by: [exchange.httpproxy]}
  - {id: shell, title: Shell reached, mandatory: true, shown_by: [iis.w3c]}
wanted:
  - {kind: iis.w3c, why: requests}
actors:
  - id: setone
    name: Set One
    source: advisory
    behaviours: [Proxied request]
steps:
  - {id: preserve, kind: preserve, when: [always, compromised]}
sources:
  advisory: An advisory.
"""

RULE = r"""
title: Proxied request
id: 6f0b1c0e-5d5b-4a53-9f0d-3a3c3d6f0a11
name: proxied_request
status: stable
author: Tocsin
description: A request without a user reached a chosen backend.
logsource: {product: exchange, service: httpproxy}
detection:
  selection:
    AuthenticatedUser: null
    AnchorMailbox|startswith: 'ServerInfo~'
    AnchorMailbox|contains: '/'
  condition: selection
means: targeted
rung: probe
summary: 'Sent to {AnchorMailbox} by {c-ip}'
details: [AnchorMailbox]
examples:
  matches:
    - {AuthenticatedUser: null, AnchorMailbox: 'ServerInfo~mail01.contoso.example/ecp/'}
  ignores:
    - {AuthenticatedUser: 'CONTOSO\alice', AnchorMailbox: 'ServerInfo~mail01.contoso.example/ecp/'}
    - {AuthenticatedUser: null, AnchorMailbox: 'Smtp~alice@contoso.example'}
"""

INDICATOR_HEADER = (
    "type,value,strength,valid_from,valid_until,withdrawn,means,rung,actor,source,first_published,note\n"
)


def write(path: Path, text: str) -> Path:
    """Write a file, without the text's common indentation, and make its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8", newline="\n")
    return path


def sound_pack(folder: Path, name: str = "sample") -> Path:
    """Write a pack without problems and give its folder."""
    root = folder / name
    write(root / "pack.yaml", PACK.replace("id: sample", f"id: {name}"))
    write(root / "rules" / "proxied-request.yaml", RULE)
    write(root / "advice" / "preserve.md", "Copy first.\n")
    return root


def changed(path: Path, old: str, new: str) -> int:
    """Replace the only place of a text in a file, and give the line on which it stood."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")
    return text.count("\n", 0, text.index(old)) + 1
