"""The mail server of the outbox's tests serves those of notices too."""

from __future__ import annotations

from tests.hub.outbox.conftest import _dkim_key, mail_server, mail_settings

__all__ = ["_dkim_key", "mail_server", "mail_settings"]
