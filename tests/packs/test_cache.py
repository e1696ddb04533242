"""The cache: the same answer with it and without, and nothing in it is trusted without reason."""

from __future__ import annotations

import multiprocessing
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.packs.pack_folders import changed, sound_pack, write

import tocsin
from tocsin.errors import PackError
from tocsin.packs import cache
from tocsin.packs.behaviours import BehaviourRule
from tocsin.packs.cache import OFF, VARIABLE, Form, kept, packed
from tocsin.packs.loading import data_folder, load_packs, read_pack
from tocsin.packs.products import load_product
from tocsin.packs.rules import Correlation, Rule
from tocsin.packs.yaml_text import Document
from tocsin.packs.yara_rules import compiled_yara

TEXT: Form[str] = Form(write=str.encode, read=bytes.decode)
MADE = "made"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the cache's folder, which is not there yet."""
    folder = tmp_path / "cache" / "tocsin"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def _never() -> str:
    raise AssertionError


def _keep(value: str = MADE, what: str = "text") -> str:
    return kept(what, [b"origin"], TEXT, lambda: value)


def _recall() -> bool:
    """Tell whether it is there: whoever asks gets what was made, or makes something else."""
    return _keep("made anew") == MADE


def test_what_was_made_once_is_read_afterwards(place: Path) -> None:
    assert _keep() == MADE
    assert kept("text", [b"origin"], TEXT, _never) == MADE
    (path,) = place.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_every_part_of_the_origin_counts_and_so_does_where_it_ends() -> None:
    origins = [[b"ab", b"c"], [b"a", b"bc"], [b"abc"], [b"abc", b""], []]
    values = [
        kept("text", origin, TEXT, lambda number=number: str(number)) for number, origin in enumerate(origins)
    ]
    assert values == ["0", "1", "2", "3", "4"]
    assert kept("other", [b"abc"], TEXT, lambda: "5") == "5"


def test_without_a_cache_nothing_is_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for word in (OFF, OFF.upper()):
        monkeypatch.setenv(VARIABLE, word)
        assert _keep() == MADE
        assert not _recall()
    assert not place.exists()


def test_what_making_raises_is_raised(place: Path) -> None:
    def fails() -> str:
        raise PackError("no", where="x:1")

    with pytest.raises(PackError):
        kept("text", [b"origin"], TEXT, fails)
    assert not place.exists()


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_made_anew_and_is_whole_again(place: Path, data: st.DataObject) -> None:
    _keep()
    (path,) = place.iterdir()
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = data.draw(st.sampled_from([whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]]))
    path.write_bytes(damaged)
    assert _keep() == MADE
    assert path.read_bytes() == whole
    assert _recall()


@given(data=st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_bytes_are_no_content(place: Path, data: bytes) -> None:
    _keep()
    (path,) = place.iterdir()
    path.write_bytes(data)
    assert _keep() == MADE


@pytest.mark.parametrize("fault", [KeyError, OSError])
def test_a_content_of_another_shape_is_made_anew(fault: type[Exception]) -> None:
    def cannot(data: bytes) -> str:
        raise fault(data)

    _keep()
    form = Form(write=str.encode, read=cannot, faults=(fault,))
    assert kept("text", [b"origin"], form, lambda: "made anew") == "made anew"


def test_another_version_begins_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep()
    for change in (
        lambda: monkeypatch.setattr(tocsin, "__version__", "99"),
        lambda: monkeypatch.setattr(cache, "_installed", lambda: ("pysigma-99.dist-info",)),
        lambda: monkeypatch.setattr(cache, "_machine", lambda: ("another",)),
        lambda: monkeypatch.setattr(cache, "_DERIVES", ("packs",)),
    ):
        change()
        cache._surroundings.cache_clear()
        assert not _recall()
    cache._surroundings.cache_clear()
    assert len(list(place.iterdir())) == 5


def test_the_packages_are_named_with_their_versions() -> None:
    assert any(name.startswith("yara_x-") for name in cache._installed())


def test_a_folder_that_cannot_be_made_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "tocsin"))
    assert _keep() == MADE
    assert not _recall()


def test_a_folder_that_cannot_be_written_is_still_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep()

    def refused(**_: object) -> tuple[int, str]:
        raise PermissionError

    monkeypatch.setattr(cache.tempfile, "mkstemp", refused)
    assert _recall()
    assert _keep(what="other") == MADE
    assert len(list(place.iterdir())) == 1


def test_a_disk_that_is_full_leaves_nothing_half(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, f"no space for {self} {target}")

    monkeypatch.setattr(Path, "replace", full)
    assert _keep() == MADE
    assert list(place.iterdir()) == []


def _somebody_elses(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.exists()
    monkeypatch.setattr(os, "geteuid", lambda: place.stat().st_uid + 1)


def _open_to_all(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert monkeypatch
    place.chmod(0o777)


def _link(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = place.with_name("elsewhere")
    place.rename(real)
    monkeypatch.setenv(VARIABLE, str(place))
    place.symlink_to(real)


def _content_open_to_all(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert monkeypatch
    next(place.iterdir()).chmod(0o666)


def _content_a_link(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert monkeypatch
    path = next(place.iterdir())
    real = path.rename(place.with_name("elsewhere"))
    path.symlink_to(real)


@pytest.mark.parametrize(
    "change", [_somebody_elses, _open_to_all, _link, _content_open_to_all, _content_a_link]
)
def test_what_others_could_have_written_is_not_trusted(
    change: Callable[[Path, pytest.MonkeyPatch], None], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _keep()
    change(place, monkeypatch)
    assert not _recall()


def test_nothing_is_written_where_others_could_write(place: Path) -> None:
    place.mkdir(parents=True)
    place.chmod(0o777)
    assert _keep() == MADE
    assert list(place.iterdir()) == []


def test_only_so_much_is_kept_and_what_was_used_last(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 3)
    for number, what in enumerate(("a", "b", "c")):
        _keep(what=what)
        os.utime(max(place.iterdir(), key=lambda path: path.name), (number, number))
    (place / "left.new").write_bytes(b"")
    os.utime(place / "left.new", (0, 0))
    (place / "not ours.txt").write_bytes(b"")
    assert kept("a", [b"origin"], TEXT, _never) == MADE  # used, and so the newest
    _keep(what="d")
    assert sorted(path.name.partition("-")[0] for path in place.iterdir()) == ["a", "c", "d", "not ours.txt"]


def test_a_content_beyond_the_bound_is_not_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 3)
    assert _keep() == MADE
    assert list(place.iterdir()) == []


def test_an_origin_that_cannot_be_told_is_not_kept(place: Path) -> None:
    origin = (packed(value) for value in (1 << 70,))
    assert kept("text", origin, TEXT, lambda: MADE) == MADE
    assert not place.exists()


def _worker(folder: str, numbers: list[int]) -> None:
    os.environ[VARIABLE] = folder
    for number in numbers:
        value = str(number) * 50_000
        if kept("text", [b"%d" % number], TEXT, lambda value=value: value) != value:  # type: ignore[misc]  # bound at once
            raise SystemExit(1)


def test_several_processes_write_at_once(place: Path) -> None:
    start = multiprocessing.get_context("spawn")
    workers = [start.Process(target=_worker, args=(str(place), list(range(20)))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert {path.suffix for path in place.iterdir()} == {".kept"}
    assert len(list(place.iterdir())) == 20


def test_the_usual_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE)
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert _keep() == MADE
    assert [path.parent.name for path in tmp_path.rglob("*.kept")] == ["tocsin"]
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    folder = cache._folder()
    assert folder is not None
    assert folder.is_absolute()


# --- what is kept -----------------------------------------------------------------------------


def _plain(value: object) -> object:
    """Everything in it, but for what stands in files again."""

    def hook(one: object) -> object:
        return str(one.path) if isinstance(one, Document) else str(one)

    return msgspec.to_builtins(value, enc_hook=hook)


def test_the_packs_that_came_with_the_program_are_the_same_from_the_cache(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = load_packs()
    found = load_packs()
    monkeypatch.setenv(VARIABLE, OFF)
    assert list(place.glob("pack-*"))
    assert _plain(made) == _plain(found) == _plain(load_packs())
    assert [pack.rules[0].condition for pack in made] == [pack.rules[0].condition for pack in found]
    assert all(
        isinstance(rule, Rule | Correlation | BehaviourRule) for pack in found for rule in pack.everything
    )


def test_a_pack_from_the_cache_still_tells_lines(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    made, found = (load_packs([root])[0] for _ in range(2))
    for one, other in zip((made, *made.everything), (found, *found.everything), strict=True):
        assert other.document.lines == one.document.lines
        assert other.document.data == one.document.data
        assert other.document.where("title") == one.document.where("title")


def test_a_changed_pack_is_read_anew(tmp_path: Path) -> None:
    root = sound_pack(tmp_path)
    (first,) = load_packs([root])
    changed(root / "pack.yaml", "Sample campaign", "Another")
    (second,) = load_packs([root])
    assert (first.file.title, second.file.title) == ("Sample campaign", "Another")
    assert first.sha256 != second.sha256


def test_a_pack_that_was_copied_stands_where_it_is(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (pack,) = load_packs([sound_pack(tmp_path / name, "sample")])
        assert pack.root == tmp_path / name / "sample"
        assert pack.rules[0].document.path.is_relative_to(pack.root)


def test_a_wrong_pack_is_not_kept_and_its_faults_are_told_every_time(tmp_path: Path, place: Path) -> None:
    root = sound_pack(tmp_path)
    write(root / "rules" / "broken.yaml", "title: [\n")
    told = [[str(problem) for problem in read_pack(root)[1]] for _ in range(2)]
    assert told[0] == told[1] != []
    assert not list(place.glob("pack-*"))


def test_a_product_is_the_same_from_the_cache(place: Path) -> None:
    folder = data_folder("products") / "exchange"
    made, found = load_product(folder), load_product(folder)
    assert list(place.glob("product-*"))
    assert found == made


def test_compiled_yara_is_the_same_from_the_cache(place: Path) -> None:
    rules = 'rule sample { meta: means = "context" strings: $a = "needle" condition: $a }'
    made, found = compiled_yara({"a.yar": rules}), compiled_yara({"a.yar": rules})
    assert len(list(place.glob("yara-*"))) == 1
    for data in (b"hay", b"a needle in it"):
        first, second = (
            [(rule.identifier, rule.namespace, rule.metadata) for rule in each.scan(data).matching_rules]
            for each in (made, found)
        )
        assert first == second
        assert bool(first) == (b"needle" in data)


def test_nothing_but_the_standard_forms_is_loaded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A content that names another type, or holds other keys, is no pack."""
    load_packs()
    body = msgspec.msgpack.encode({"file": {"id": "evil"}, "root": "/"})
    for path in place.glob("pack-*"):
        path.write_bytes(cache._head(body) + body)
    made = load_packs()
    monkeypatch.setenv(VARIABLE, OFF)
    assert _plain(made) == _plain(load_packs())
