"""The rules of ``docs/how-to/write-a-rule.md`` are sound, together, in a fresh pack."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from tests.packs.pack_folders import write

from tocsin.detections.proofs import examine
from tocsin.packs.loading import load_packs
from tocsin.packs.rules import slug
from tocsin.packs.skeleton import write_skeleton

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "write-a-rule.md").read_text("utf-8")
RULES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_rules_of_the_how_to_are_sound(tmp_path: Path) -> None:
    for path in write_skeleton("sample", tmp_path, today=date(2021, 3, 3)):
        path.write_text(path.read_text("utf-8").replace("FILL IN", "Known"), "utf-8")
    titles = {text.partition("\n")[0].removeprefix("title: "): text for text in RULES}
    for title, text in titles.items():
        folder = "behaviours" if "\nbehaviour:" in text else "rules"
        write(tmp_path / "sample" / folder / f"{slug(title)}.yaml", text)
    assert examine(tmp_path / "sample") == []
    (pack,) = load_packs([tmp_path])
    assert len(titles) == 4
    assert set(titles) <= {rule.title for rule in pack.everything}
