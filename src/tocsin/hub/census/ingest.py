"""A census file into the database: in chunks, each with its place in the file in the same transaction.

Reading, judging and folding happen outside of transactions; inside there are only writes, so that others
who write wait for milliseconds. Killed anywhere, an import goes on behind the last chunk that was written
whole; a chunk that is taken in twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import dropwhile, groupby
from pathlib import Path

from msgspec import Struct

from tocsin.hub.census import store
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.followers import Follower, followers
from tocsin.hub.census.known import Known, Seen, When, identity_of, known, seen
from tocsin.hub.census.models import Snapshot
from tocsin.hub.census.owners import Ownership
from tocsin.hub.census.pace import MOST, Pace
from tocsin.hub.rules.layouts.choosing import LOOKED_AT
from tocsin.hub.rules.layouts.layout import Layout
from tocsin.hub.rules.layouts.lines import CensusFile
from tocsin.hub.rules.layouts.rows import Columns, header_names, read_rows
from tocsin.hub.rules.layouts.sighting import Blank, Item, Refusal, Sighting

CHUNK = MOST
"""Servers that are folded in one transaction by whoever keeps no `Pace`."""
MOST_REFUSALS = 200
"""Refused rows that are kept with line and reason; all are counted."""
MOST_BLIND = 5_000
"""Addresses of refused rows that are kept; beyond, the snapshot proves nothing absent."""
AFTER = "its time lies after the census"

Progress = Callable[[Snapshot], None]


class Count(Struct, kw_only=True):
    """What became of one chunk's items."""

    line: int = 0
    rows: int = 0
    other: int = 0
    blank: int = 0
    refused: list[Refusal] = []


class Ingest:
    """Takes one snapshot in. Only the importer (`lease`) makes one."""

    def __init__(self, snapshot: Snapshot, path: Path, layout: Layout) -> None:
        """Open the file and read whose is what."""
        self.snapshot = snapshot
        self.layout = layout
        self.file = CensusFile(path)
        self.when = When(taken=snapshot.taken, window_days=snapshot.window_days)
        self.ownership = Ownership()
        self.followers: list[Follower] = []
        self.pace = Pace()

    def run(self, progress: Progress | None = None) -> None:
        """Take in all rows behind those that were.

        Raises:
            CensusError: the file cannot be read to its end; what came before was taken in.
        """
        snapshot = self.snapshot
        if snapshot.state == Snapshot.WAITING:
            self._begin()
        self.followers = followers()  # they see which snapshot is being taken in, and what lies after it
        with closing(self.file.lines()) as lines:
            rows = read_rows(self.layout, lines)
            behind = dropwhile(lambda item: item.line <= snapshot.read, rows)
            items = (list(group) for _, group in groupby(behind, key=lambda item: item.line))
            while chunk := _chunk(items, self.pace.rows):
                self._take(chunk)
                if progress:
                    progress(snapshot)
                self.pace.pause()

    def _begin(self) -> None:
        snapshot = self.snapshot
        snapshot.state = Snapshot.RUNNING
        if self.layout.form == "csv":
            snapshot.unknown_columns = self._columns().unknown[:500]
        snapshot.save(update_fields=["state", "unknown_columns"])

    def _columns(self) -> Columns:
        lines = (line.text for line in CensusFile(self.file.path).head(LOOKED_AT))
        return Columns(self.layout, header_names(next((text for text in lines if text and text.strip()), "")))

    # --- one chunk --------------------------------------------------------------------------------

    def _take(self, items: list[Item]) -> None:
        count = Count(line=items[-1].line)
        fresh = self._fresh(items, count)
        servers, merged, touched = self._merge(fresh)
        writers = [store.write_servers(servers.values()), store.write_observations(touched)]
        writers += [follower.plan(servers, merged) for follower in self.followers]
        with self.pace.writing():
            for write in writers:
                write()
            self._account(count)

    def _fresh(self, items: Iterable[Item], count: Count) -> dict[str, dict[str, Seen]]:
        """Give what this chunk saw, by identity and content; count what it did not."""
        found: dict[str, dict[str, Seen]] = {}
        for item in items:
            if isinstance(item, Sighting):
                one = seen(item, source=self.snapshot.source_id, method=self.snapshot.method, when=self.when)
                if one is None:
                    count.refused.append(Refusal(line=item.line, why=AFTER, ip=item.ip))
                    continue
                count.rows += 1
                group = found.setdefault(identity_of(item), {})
                if twin := group.get(one.content):
                    twin.join(one)
                else:
                    group[one.content] = one
            elif isinstance(item, Refusal):
                count.refused.append(item)
            elif isinstance(item, Blank):
                count.blank += 1
            else:
                count.other += 1
        return found

    def _merge(
        self, fresh: Mapping[str, dict[str, Seen]]
    ) -> tuple[dict[int, Known], dict[int, list[Seen]], dict[int, list[Seen]]]:
        """Join what was seen with what was known: servers, all their observations, those to write."""
        ids = self._ids(fresh)
        merged = store.observations_of(ids.values())
        touched: dict[int, list[Seen]] = {}
        for name, group in fresh.items():
            server = ids[name]
            touched[server] = _join(merged.setdefault(server, []), group)
        names = {server: name for name, server in ids.items()}
        servers = [known(server, names[server], merged[server]) for server in touched]
        return {one.id: one for one in self.ownership.owned(servers)}, merged, touched

    def _ids(self, fresh: Mapping[str, dict[str, Seen]]) -> dict[str, int]:
        """Give rows' ids by identity; servers that nobody knew get theirs now."""
        ids = store.ids_of(fresh)
        new = [known(0, name, group.values()) for name, group in fresh.items() if name not in ids]
        if new:
            write = store.write_servers(new)
            with writing():
                write()
            ids |= store.ids_of(one.identity for one in new)
        return ids

    def _account(self, count: Count) -> None:
        snapshot = self.snapshot
        snapshot.read = count.line
        snapshot.consumed = self.file.consumed
        snapshot.rows += count.rows
        snapshot.other += count.other
        snapshot.blank += count.blank
        snapshot.refused += len(count.refused)
        room = MOST_REFUSALS - len(snapshot.refusals)
        snapshot.refusals += [[one.line, one.why] for one in count.refused[: max(room, 0)]]
        placed = [one.ip for one in count.refused if one.ip]
        kept = placed[: max(MOST_BLIND - len(snapshot.blind), 0)]
        snapshot.blind += kept
        snapshot.unplaced += len(count.refused) - len(kept)
        snapshot.save()


def _join(group: list[Seen], fresh: Mapping[str, Seen]) -> list[Seen]:
    """Join one server's new observations into those it has; gives the ones that changed."""
    by_content = {(one.source, one.content): one for one in group}
    changed = []
    for one in fresh.values():
        if twin := by_content.get((one.source, one.content)):
            twin.join(one)
            changed.append(twin)
        else:
            group.append(one)
            changed.append(one)
    return changed


def _chunk(items: Iterator[list[Item]], size: int) -> list[Item]:
    """Give some items, never half of what one line holds: the line is where an import goes on."""
    chunk: list[Item] = []
    for group in items:
        chunk += group
        if len(chunk) >= size:
            break
    return chunk
