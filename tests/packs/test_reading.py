"""YAML of packs: data and lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.packs.pack_folders import write

from tocsin.errors import PackError, RuleError
from tocsin.packs import yaml_text
from tocsin.packs.schema import PackFile
from tocsin.packs.yaml_text import converted, read_yaml


def test_data_and_the_line_of_every_value(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", "a: 1\nb:\n  - x\n  - {c: yes, d: 2021-03-02}\ne: null\n")
    document = read_yaml(path)
    assert document.data == {"a": 1, "b": ["x", {"c": True, "d": "2021-03-02"}], "e": None}
    assert document.where("b", 1, "d") == f"{path}:4"
    assert document.where("b", 0) == f"{path}:3"
    assert document.where("e") == f"{path}:5"


def test_an_unknown_place_falls_back_to_what_holds_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", "a: 1\nb:\n  c: 2\n")
    assert read_yaml(path).where("b", "missing", 3) == f"{path}:2"
    assert read_yaml(path).where("nothing") == f"{path}:1"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice"),
        ("a: &x [1]\nb: *x\n", 1, "an alias"),
        ("a: [1\nb: 2\n", 2, "no valid YAML"),
        ("a: 1\nb: " + "[" * 33, 2, "nested too deeply"),
        ("a: " + "[" * 100_000, 1, "nested too deeply"),
        ("a: " + "{b: " * 100_000, 1, "nested too deeply"),
        ("- a\n", 1, "no mapping"),
        ("", 1, "no mapping"),
        ("a: 1\nb: !!binary aGk=\n", 2, "bytes"),
        ("a: 1\nb: !!python/name:os.system x\n", 2, "no plain value"),
    ],
)
def test_what_is_refused_is_named_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = write(tmp_path / "a.yaml", text)
    with pytest.raises(PackError) as caught:
        read_yaml(path)
    assert caught.value.where == f"{path}:{line}"
    assert what in caught.value.what


def test_a_missing_and_an_undecodable_file(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        read_yaml(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(PackError, match="cannot be read"):
        read_yaml(tmp_path / "b.yaml")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(tmp_path / "b.yaml").data == {"a": 1}


def test_a_file_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.yaml", "a: 1234\n")
    monkeypatch.setattr(yaml_text, "LARGEST", 8)
    assert read_yaml(path).data == {"a": 1234}
    monkeypatch.setattr(yaml_text, "LARGEST", 7)
    with pytest.raises(PackError, match="longer than 7 bytes"):
        read_yaml(path)


def test_a_wrong_value_is_named_with_its_line_and_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", "id: x\nladder:\n  - {id: a, title: b}\n  - id: c\n    title: 4\n")
    with pytest.raises(RuleError) as caught:
        converted(read_yaml(path), PackFile, fault=RuleError)
    assert caught.value.where == f"{path}:5"
    assert caught.value.what == "Expected `str`, got `int` (at ladder.1.title)."


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", "id: x\n")
    with pytest.raises(PackError) as caught:
        converted(read_yaml(path), PackFile)
    assert caught.value.where == f"{path}:1"
    assert "missing required field" in caught.value.what
