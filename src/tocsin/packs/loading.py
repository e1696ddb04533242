"""Packs: read from their folders, every problem gathered with its ``file:line``.

Packs come with the program (``tocsin/_data`` of an installed wheel, or ``campaigns/`` and
``products/`` of a checkout) and from folders that the user names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

import tocsin
from tocsin.errors import PackError, UsageFault
from tocsin.packs.behaviours import BehaviourRule, behaviour_of
from tocsin.packs.cache import Form, kept
from tocsin.packs.digest import digest
from tocsin.packs.indicator_rows import read_indicators
from tocsin.packs.rules import Correlation, Head, Rule, read_head, rule_of
from tocsin.packs.schema import IndicatorRow, PackFile
from tocsin.packs.yaml_text import Document, converted, read_yaml

PACK_FILE = "pack.yaml"
AnyRule = Rule | Correlation | BehaviourRule


class Pack(Struct, frozen=True, kw_only=True):
    """One campaign pack, compiled.

    Attributes:
        file: ``pack.yaml``.
        rules: rules that make findings, by title.
        correlations: by title.
        behaviours: what many requests for a page add up to, by title.
        benign: rules that explain the matches of others, by title.
        indicators: every valid row, withdrawn ones included.
        yara: file name -> text of the web-shell rules.
        advice: step id -> Markdown.
        product_id: the product whose builds decide the exposure, or None.
        sha256: digest of the pack's files (``packs.digest``).
        root: the pack's folder.
    """

    file: PackFile
    document: Document
    rules: tuple[Rule, ...]
    correlations: tuple[Correlation, ...]
    behaviours: tuple[BehaviourRule, ...] = ()
    benign: tuple[Rule, ...]
    indicators: tuple[IndicatorRow, ...]
    yara: dict[str, str]
    advice: dict[str, str]
    product_id: str | None
    sha256: str
    root: Path

    @property
    def id(self) -> str:
        """The pack's id, which is its folder's name."""
        return self.file.id

    @property
    def everything(self) -> tuple[AnyRule, ...]:
        """Rules, benign rules, correlations and behaviours, in this order."""
        return (*self.rules, *self.benign, *self.correlations, *self.behaviours)


def data_folder(name: str) -> Path:
    """Give the folder of the data that came with the program: ``campaigns`` or ``products``."""
    package = Path(tocsin.__file__).parent
    packaged = package / "_data" / name
    return packaged if packaged.is_dir() else package.parents[1] / name


def load_packs(roots: Sequence[Path] | None = None, only: Collection[str] = ()) -> tuple[Pack, ...]:
    """Load packs, sorted by id.

    Args:
        roots: folders, each a pack or a folder of packs; None for those that came with the program.
        only: ids to load; empty for all.

    Raises:
        PackError: a pack is wrong; the first problem, and how many there are.
        UsageFault: an id in ``only`` is none, or a folder holds no pack.
    """
    folders = find_packs([data_folder("campaigns")] if roots is None else roots)
    unknown = sorted(set(only) - folders.keys())
    if unknown:
        known = ", ".join(sorted(folders))
        raise UsageFault(f"no such pack: {', '.join(unknown)}.", remedy=f"There are: {known}.")
    packs = [_sound(folder) for name, folder in folders.items() if not only or name in only]
    return tuple(sorted(packs, key=lambda pack: pack.id))


def find_packs(roots: Sequence[Path]) -> dict[str, Path]:
    """Give the pack folders at or directly below the roots, by name; a later one replaces its namesake.

    Raises:
        UsageFault: a root holds no pack.
    """
    found: dict[str, Path] = {}
    for root in roots:
        folders = [root] if (root / PACK_FILE).is_file() else _packs_below(root)
        if not folders:
            raise UsageFault(
                "no campaign pack is here.", where=str(root), remedy=f"A pack is a folder with {PACK_FILE}."
            )
        found.update((folder.resolve().name, folder) for folder in folders)
    return found


def _packs_below(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob(f"*/{PACK_FILE}"))


def _sound(root: Path) -> Pack:
    pack, problems = read_pack(root)
    if pack is None or problems:
        first = problems[0]
        more = f" ({len(problems) - 1} more: tocsin packs lint {root})" if len(problems) > 1 else ""
        raise type(first)(first.what, where=first.where, remedy=first.remedy + more)
    return pack


Reading = tuple[Pack | None, list[PackError]]


def read_pack(root: Path) -> tuple[Pack | None, list[PackError]]:
    """Read a pack and gather every problem; no pack when ``pack.yaml`` itself is wrong.

    A sound pack is kept (``packs.cache``), to be read faster the next time.
    """
    sha256 = digest(root)
    form: Form[Reading] = Form(
        write=partial(_written, sha256), read=partial(_read, root), faults=(PackError,)
    )
    return kept("pack", (sha256.encode(),), form, partial(_read_pack, root))


def _read_pack(root: Path) -> Reading:
    problems: list[PackError] = []
    try:
        document = read_yaml(root / PACK_FILE)
        file = converted(document, PackFile)
    except PackError as error:
        return None, [error]
    rules, correlations = _rules(root, problems)
    pack = Pack(
        file=file,
        document=document,
        rules=tuple(rule for rule in rules if not rule.benign),
        correlations=tuple(correlations),
        behaviours=tuple(_behaviours(root, file, problems)),
        benign=tuple(rule for rule in rules if rule.benign),
        indicators=tuple(_indicators(root, problems)),
        yara=dict(_texts(root / "webshells", ".yar", problems)),
        advice={Path(name).stem: text for name, text in _texts(root / "advice", ".md", problems)},
        product_id=file.product,
        sha256=digest(root),
        root=root,
    )
    return pack, problems


def _written(sha256: str, reading: Reading) -> bytes:
    """Give the bytes of a sound pack whose files did not change meanwhile; its paths are those in its folder.

    Raises:
        ValueError: it is not to be kept.
    """
    pack, problems = reading
    if pack is None or problems or pack.sha256 != sha256:
        raise ValueError(sha256)
    root = pack.root

    def plain(value: object) -> str:
        if isinstance(value, Document):
            return value.path.relative_to(root).as_posix()
        if isinstance(value, Path):
            return ""
        raise TypeError(value)

    return msgspec.msgpack.encode(pack, enc_hook=plain)


def _read(root: Path, data: bytes) -> Reading:
    def whole(kind: type, value: str) -> object:
        if kind is Document:
            return Document(path=root / value)
        return root if kind is Path else value

    return msgspec.msgpack.decode(data, type=Pack, dec_hook=whole), []


def _rules(root: Path, problems: list[PackError]) -> tuple[list[Rule], list[Correlation]]:
    rules: list[Rule] = []
    later: list[tuple[Head, Document]] = []
    for path in sorted((root / "rules").glob("*.yaml")):
        try:
            head, document = read_head(path)
            if head.correlation is None:
                rules.append(rule_of(head, document))
            else:
                later.append((head, document))
        except PackError as error:
            problems.append(error)
    return rules, list(_correlations(later, rules, problems))


def _correlations(
    heads: list[tuple[Head, Document]], rules: list[Rule], problems: list[PackError]
) -> Iterator[Correlation]:
    if not heads:
        return
    from tocsin.packs.correlations import correlation_of  # noqa: PLC0415 - pySigma is slow to import

    for head, document in heads:
        try:
            yield correlation_of(head, document, rules)
        except PackError as error:
            problems.append(error)


def _behaviours(root: Path, file: PackFile, problems: list[PackError]) -> Iterator[BehaviourRule]:
    exposure = file.first_exploited.date if file.first_exploited else None
    for path in sorted((root / "behaviours").glob("*.yaml")):
        try:
            yield behaviour_of(*read_head(path), exposure=exposure)
        except PackError as error:
            problems.append(error)


def _indicators(root: Path, problems: list[PackError]) -> Iterator[IndicatorRow]:
    for path in sorted((root / "indicators").glob("*.csv")):
        for row in read_indicators(path):
            if isinstance(row, PackError):
                problems.append(row)
            else:
                yield row


def _texts(folder: Path, suffix: str, problems: list[PackError]) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob(f"*{suffix}")):
        try:
            yield path.name, path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(PackError(f"cannot be read: {error}.", where=str(path), remedy="Check it."))
