"""After its rows, a snapshot's silence: who was looked for and not found."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection

from tocsin.hub.census import store
from tocsin.hub.census.bulk import Write
from tocsin.hub.census.followers import Follower, followers
from tocsin.hub.census.ingest import Progress
from tocsin.hub.census.known import Known, known
from tocsin.hub.census.models import Snapshot
from tocsin.hub.census.owners import Ownership
from tocsin.hub.census.pace import Pace


def settle(snapshot: Snapshot, progress: Progress | None = None) -> None:
    """Fold again whoever the snapshot covered and did not show; go on where a killed run stopped."""
    if not snapshot.proves_absence:
        return
    replay = Snapshot.objects.filter(source=snapshot.source_id, taken__gt=snapshot.taken).exists()
    ownership, all_followers, pace = Ownership(), followers(), Pace()
    while ids := _not_shown(snapshot, pace.rows, replay=replay):
        wanted = {one for follower in all_followers for one in follower.missing(ids, replay=replay)}
        writers = plans(sorted(wanted), ownership, all_followers)
        with pace.writing():
            for write in writers:
                write()
            snapshot.settled = ids[-1]
            snapshot.save(update_fields=["settled"])
        if progress:
            progress(snapshot)
        pace.pause()


def plans(ids: Iterable[int], ownership: Ownership, following: Iterable[Follower]) -> list[Write]:
    """Fold servers anew from what is stored; gives what writes the result, inside `writing`.

    Whose they are is matched anew, too, and stands in their rows and in what follows from them alike.
    """
    merged = {server: group for server, group in store.observations_of(ids).items() if group}
    rows = store.rows_of(merged)
    servers = [known(server, rows[server].identity, group) for server, group in merged.items()]
    owned = {one.id: one for one in ownership.owned(servers)}
    moved = [one for one in owned.values() if _owner(one) != rows[one.id][1:]]
    return [store.write_servers(moved), *(follower.plan(owned, merged) for follower in following)]


def _owner(server: Known) -> tuple[int | None, str]:
    return server.organisation, server.owned_by


_NOT_SHOWN = """
SELECT server_id FROM census_observation WHERE source_id = %s AND server_id > %s
GROUP BY server_id HAVING MAX(last_seen) < %s ORDER BY server_id LIMIT %s
"""


def _not_shown(snapshot: Snapshot, most: int, *, replay: bool) -> list[int]:
    """Give the next servers that the source knew; in a replay all, else those that it did not show now."""
    day = snapshot.taken.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    until = datetime.max.replace(year=2200, tzinfo=UTC) if replay else day
    moment = connection.ops.adapt_datetimefield_value(until)
    with connection.cursor() as cursor:
        cursor.execute(_NOT_SHOWN, [snapshot.source_id, snapshot.settled, moment, most])
        return [row[0] for row in cursor.fetchall()]
