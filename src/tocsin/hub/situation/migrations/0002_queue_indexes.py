"""Indexes of the rare rows that queues list, in their order; both databases have partial indexes."""

from __future__ import annotations

from django.db import migrations

CONTRADICTORY = (
    "CREATE INDEX situation_contradictory ON exposure_standing (campaign_id, last_seen DESC, id DESC)"
    " WHERE contradictory"
)
SHELLS = (
    "CREATE INDEX situation_shells ON exposure_standing (campaign_id, last_seen DESC, id DESC)"
    " WHERE shell_seen IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [("situation", "0001_initial"), ("exposure", "0001_initial")]
    operations = [
        migrations.RunSQL(CONTRADICTORY, "DROP INDEX situation_contradictory"),
        migrations.RunSQL(SHELLS, "DROP INDEX situation_shells"),
    ]
