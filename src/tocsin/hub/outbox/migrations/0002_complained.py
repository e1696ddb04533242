"""When a receiver marked a message as unwanted."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more moment in the life of a message."""

    dependencies: ClassVar = [("outbox", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField(model_name="message", name="complained", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("complained__isnull", False)),
                fields=["complained"],
                name="message_unwanted",
            ),
        ),
    ]
