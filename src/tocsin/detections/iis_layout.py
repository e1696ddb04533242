"""Which configuration is in force at which URL: IIS merges files from the site's root downwards.

For one path the order is: applicationHost.config outside any ``<location>``; then for the site and
every step down to the path, the ``<location>`` of applicationHost.config (its path is compared with
case), ``<location>`` of the web.configs above, the web.config there. ``<clear/>`` undoes what came
before, ``<remove>`` one entry of it. What stands in a ``<location inheritInChildApplications="false">``
does not reach the applications below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from tocsin.evidence.layout import is_shadow_copy
from tocsin.model.places import Locator

MOST_PATHS = 200
"""Paths of one site that are looked at; a configuration may come from an intruder."""


class Setting(Struct, frozen=True, kw_only=True):
    """One record of a configuration file."""

    order: int
    fields: dict[str, str | None]
    locator: Locator

    def get(self, name: str) -> str:
        """Give a field, or an empty text."""
        return self.fields.get(name) or ""


class ConfigFile(Struct, kw_only=True):
    """One configuration file as it was read.

    ``malformed`` is the place that breaks it; ``text`` then holds the lines that may be of rules.
    """

    path: str
    where: str
    modified: datetime | None
    settings: list[Setting]
    malformed: Locator | None = None
    text: dict[int, str] = {}

    @property
    def name(self) -> str:
        """The file's name, lower case; IIS reads no other than ``web.config`` in a folder."""
        return self.where.rpartition("/")[2]

    @property
    def is_host(self) -> bool:
        """Whether it is an applicationHost.config, under whatever name a collector gave it."""
        return "applicationhost" in self.name

    @property
    def is_live(self) -> bool:
        """Whether IIS reads it, as opposed to the copies that it and the disk keep."""
        return is_live(self.where)

    @property
    def folder(self) -> str:
        """Where it stands."""
        return self.where.rpartition("/")[0]

    def of(self, element: str) -> list[Setting]:
        """Give its settings of one kind, in their order."""
        found = [one for one in self.settings if one.fields.get("Element") == element]
        return sorted(found, key=lambda one: one.order)


class Layout:
    """One site: its applications, its folders, and the configuration in force at each path."""

    def __init__(self, files: Iterable[ConfigFile], *, site: str, site_paths: Mapping[str, str]) -> None:
        """Lay the files out.

        Args:
            files: every configuration file of the evidence.
            site: the site whose configuration counts.
            site_paths: where its folders end, should applicationHost.config not be there.
        """
        live = sorted((one for one in files if one.is_live), key=lambda one: one.path)
        self.host = _best_host(live)
        self.web = tuple(one for one in live if one.name == "web.config")
        self._renamed = tuple(one for one in live if not one.is_host and one.name != "web.config")
        self.site = _site_name(self.host, site)
        self.applications = _applications(self.host, self.site) or set(site_paths)
        self.at = self._place(_folders(self.host, self.site) or dict(site_paths), site_paths)
        self._settings: dict[tuple[str, str], dict[str, list[Setting]]] = {}

    @property
    def unplaced(self) -> tuple[ConfigFile, ...]:
        """Files of no folder of the site: of another site, of an unknown place, or renamed."""
        placed = {one.path for files in self.at.values() for one in files}
        return tuple(one for one in (*self.web, *self._renamed) if one.path not in placed)

    def paths(self, below: Iterable[str]) -> tuple[str, ...]:
        """Give the paths to look at: every application, and everything below that has settings of its own.

        Of more than ``MOST_PATHS`` the shortest are taken.
        """
        known = self.applications | set(self.at) | set(self._host_locations())
        wanted = [one.lower().rstrip("/") for one in below]
        found = [
            path
            for path in known
            if any(f"{path.lower().rstrip('/')}/".startswith(f"{one}/") for one in wanted)
        ]
        return tuple(sorted(sorted(found, key=lambda path: (len(path), path))[:MOST_PATHS]))

    def files_for(self, path: str) -> tuple[ConfigFile, ...]:
        """Give the web.configs that take part at a path."""
        return tuple(one for step in _steps(path) for one in self.at.get(step, ()))

    def in_force(self, path: str, element: str, collection: str = "") -> Iterator[tuple[str, Setting]]:
        """Yield the settings of one kind that reach a path, each with the path it is set at."""
        host = [self.host] if self.host else []
        roots = [one for file in host for one in self._at(file, element, "")]
        yield from (("/", one) for one in roots if _is_of(one, collection))
        for step in _steps(path):
            for one in self._level(step, element):
                if _is_of(one, collection) and self._reaches(one, step, path):
                    yield step, one

    def _level(self, step: str, element: str) -> Iterator[Setting]:
        if self.host:
            yield from self._at(self.host, element, self.site + ("" if step == "/" else step))
        for above in _steps(step)[:-1]:
            inner = step[len(above.rstrip("/")) :].strip("/")
            for file in self.at.get(above, ()):
                yield from self._at(file, element, inner)
        for file in self.at.get(step, ()):
            yield from self._at(file, element, "")

    def _at(self, file: ConfigFile, element: str, location: str) -> list[Setting]:
        """Give a file's settings of one kind in one ``<location>``; empty for those outside any."""
        name = (file.path, element)
        if name not in self._settings:
            by_location: dict[str, list[Setting]] = {}
            for one in file.of(element):
                place = one.get("Location")
                by_location.setdefault("" if place == "." else place.strip("/"), []).append(one)
            self._settings[name] = by_location
        return self._settings[name].get(location, [])

    def _reaches(self, setting: Setting, set_at: str, path: str) -> bool:
        if setting.get("InheritInChildApplications") != "false":
            return True
        return self._application_of(set_at) == self._application_of(path)

    def _application_of(self, path: str) -> str:
        return next((step for step in reversed(_steps(path)) if step in self.applications), "/")

    def _host_locations(self) -> Iterator[str]:
        for one in self.host.of("location") if self.host else ():
            if one.get("Name").startswith(f"{self.site}/"):
                yield one.get("Name")[len(self.site) :]

    def _place(
        self, folders: Mapping[str, str], site_paths: Mapping[str, str]
    ) -> dict[str, list[ConfigFile]]:
        endings = [
            (path, _endings(served, site_paths)) for path, served in sorted(folders.items())[:MOST_PATHS]
        ]
        placed: dict[str, list[ConfigFile]] = {}
        for file in self.web:
            for path in _paths_of(file.folder, endings):
                placed.setdefault(path, []).append(file)
        return placed


def is_live(where: str) -> bool:
    """Tell whether IIS reads a configuration file at that place, as opposed to copies that are kept."""
    return not is_shadow_copy(where) and not any(
        part in f"/{where}" for part in ("/inetpub/history/", "/inetpub/temp/", "/backup/")
    )


def _is_of(setting: Setting, collection: str) -> bool:
    return not collection or setting.get("Collection") == collection


def _steps(path: str) -> list[str]:
    """``/owa/auth`` gives ``/``, ``/owa``, ``/owa/auth``."""
    parts = [part for part in path.split("/") if part]
    return ["/", *("/" + "/".join(parts[: count + 1]) for count in range(len(parts)))]


def _best_host(files: list[ConfigFile]) -> ConfigFile | None:
    hosts = [one for one in files if one.is_host]
    return min(
        hosts, key=lambda one: ("inetsrv/config" not in one.where, len(one.where), one.path), default=None
    )


def _site_name(host: ConfigFile | None, wanted: str) -> str:
    """Give the site's real name; a renamed or translated default site still has the number 1."""
    sites = host.of("site") if host else []
    names = [one.get("Name") for one in sites]
    same = [name for name in names if name.lower() == wanted.lower()]
    first = [one.get("Name") for one in sites if one.get("Id") == "1"]
    return next(iter([*same, *first]), wanted)


def _applications(host: ConfigFile | None, site: str) -> set[str]:
    found = host.of("application") if host else []
    return {one.get("Path") or "/" for one in found if one.get("Site") == site}


def _folders(host: ConfigFile | None, site: str) -> dict[str, str]:
    found = {}
    for one in host.of("virtual-directory") if host else ():
        if one.get("Site") == site:
            path = f"{one.get('Application').rstrip('/')}/{one.get('Path').strip('/')}".rstrip("/")
            found[path or "/"] = _folder(one.get("PhysicalPath"))
    return found


def _folder(physical: str) -> str:
    """Give a folder as ``Source.where`` writes places: lower case, no drive."""
    text = (
        physical.lower()
        .replace("\\", "/")
        .replace("%systemdrive%", "")
        .replace("%programfiles%", "program files")
    )
    drive, colon, rest = text.partition(":")
    return (rest if colon and len(drive) == 1 else text).strip("/")


def _endings(served: str, site_paths: Mapping[str, str]) -> tuple[str, ...]:
    """Give the ways in which evidence may name a folder: whole, or without what a collector cut off."""
    shorter = {end for end in site_paths.values() if f"/{served}".endswith(f"/{end}")}
    return tuple(sorted(one for one in {served, *shorter} if one))


def _paths_of(folder: str, folders: Iterable[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Give the URL paths that a folder of the evidence is served at."""
    found = [
        (len(rest), f"{path.rstrip('/')}/{rest}".rstrip("/") or "/")
        for path, endings in folders
        for rest in (_inside(folder, end) for end in endings)
        if rest is not None
    ]
    nearest = min((depth for depth, _ in found), default=0)
    return sorted({path for depth, path in found if depth == nearest})


def _inside(folder: str, served: str) -> str | None:
    at = f"/{folder}/".find(f"/{served}/")
    return f"/{folder}/"[at + len(served) + 2 :].strip("/") if at >= 0 else None
