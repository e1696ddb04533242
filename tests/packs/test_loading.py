"""Loading packs: which, in what order, and what identifies them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.packs.pack_folders import changed, sound_pack, write

from tocsin.errors import PackError, RuleError, UsageFault
from tocsin.packs.digest import digest
from tocsin.packs.loading import data_folder, find_packs, load_packs, read_pack


def test_packs_are_loaded_whole_and_sorted(tmp_path: Path) -> None:
    sound_pack(tmp_path, "zulu")
    root = sound_pack(tmp_path, "alfa")
    packs = load_packs([tmp_path])
    assert [pack.id for pack in packs] == ["alfa", "zulu"]
    pack = packs[0]
    assert [rule.title for rule in pack.rules] == ["Proxied request"]
    assert (pack.benign, pack.correlations, pack.indicators, pack.yara) == ((), (), (), {})
    assert pack.advice == {"preserve": "Copy first.\n"}
    assert pack.product_id is None
    assert pack.root == root
    assert pack.sha256 == digest(root)
    assert [rule.title for rule in pack.everything] == ["Proxied request"]


def test_only_the_wanted_packs_are_loaded(tmp_path: Path) -> None:
    sound_pack(tmp_path, "alfa")
    broken = sound_pack(tmp_path, "broken")
    write(broken / "pack.yaml", "id: [\n")
    assert [pack.id for pack in load_packs([tmp_path], only=["alfa"])] == ["alfa"]
    with pytest.raises(PackError):
        load_packs([tmp_path])


def test_an_unknown_id_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    sound_pack(tmp_path, "alfa")
    with pytest.raises(UsageFault) as caught:
        load_packs([tmp_path], only=["alfa", "omega"])
    assert str(caught.value) == "no such pack: omega. There are: alfa."


def test_a_pack_folder_itself_may_be_named(tmp_path: Path) -> None:
    root = sound_pack(tmp_path, "alfa")
    assert [pack.id for pack in load_packs([root])] == ["alfa"]


def test_a_later_folder_replaces_its_namesake(tmp_path: Path) -> None:
    first, second = sound_pack(tmp_path / "a", "alfa"), sound_pack(tmp_path / "b", "alfa")
    assert find_packs([first, second]) == {"alfa": second}


def test_a_folder_without_packs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="no campaign pack"):
        load_packs([tmp_path])


def test_the_first_problem_is_raised_with_the_number_of_the_others(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    write(root / "rules" / "a.yaml", "title: [\n")
    changed(root / "rules" / "proxied-request.yaml", "service: httpproxy", "service: nothing")
    with pytest.raises(PackError) as caught:
        load_packs([root])
    assert caught.value.where == f"{root / 'rules/a.yaml'}:2"
    assert f"(1 more: tocsin packs lint {root})" in caught.value.remedy
    write(root / "rules" / "a.yaml", "title: T\n")
    with pytest.raises(RuleError):
        load_packs([root])


def test_a_pack_without_a_readable_pack_file_is_none(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    write(root / "pack.yaml", "id: sample\n")
    pack, problems = read_pack(root)
    assert pack is None
    assert len(problems) == 1


def test_the_digest_holds_names_and_contents_but_neither_golden_files_nor_line_ends(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    before = digest(root)
    assert len(before) == 64
    write(root / "golden" / "case.yaml", "x: 1\n")
    write(root / "notes.txt", "x\n")
    advice = root / "advice" / "preserve.md"
    advice.write_bytes(b"Copy first.\r\n")
    assert digest(root) == before
    advice.write_bytes(b"Copy last.\n")
    assert digest(root) != before
    advice.write_bytes(b"Copy first.\n")
    advice.rename(root / "advice" / "preserved.md")
    assert digest(root) != before


def test_the_packs_of_the_checkout_are_found() -> None:
    assert data_folder("campaigns") == Path(__file__).parents[2] / "campaigns"


def test_unreadable_advice_is_a_problem(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    (root / "advice" / "preserve.md").write_bytes(b"\xff")
    pack, problems = read_pack(root)
    assert pack is not None
    assert [problem.where for problem in problems] == [str(root / "advice" / "preserve.md")]
