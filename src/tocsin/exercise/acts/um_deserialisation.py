"""Unified Messaging is fed a forged voice message (CVE-2021-26857).

``rung``: empty for an attempt that fails, ``um-deserialisation`` when its code ran.
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.acts import truth
from tocsin.exercise.acts.scene import Scene
from tocsin.exercise.scenario import Act
from tocsin.exercise.story import EventWritten, ProcessStarted, Trace

SCRIPT = "um-deserialisation"
_RUNG = "um-deserialisation"
_TEXTS = {
    "en": "The Unified Messaging server was unable to process the message with header file",
    "de": "Der Unified Messaging-Server konnte die Nachricht mit der Headerdatei nicht verarbeiten",
    "fr": "Le serveur de messagerie unifiée n'a pas pu traiter le message avec le fichier d'en-tête",
}
_FAULT = (
    "System.InvalidCastException: Unable to cast object of type 'System.Collections.Hashtable' to type "
    "'Microsoft.Exchange.UM.UMCore.PipelineContext'."
)


def perform(act: Act, scene: Scene) -> Iterator[Trace]:
    """Yield the error of Unified Messaging and, if its code ran, the programs that it started."""
    clock = scene.clock(act.at)
    text = _TEXTS.get(scene.scenario.server.language, _TEXTS["en"])
    header = f"{scene.exchange}\\UnifiedMessaging\\voicemail\\{scene.dice.guid()}.txt"
    yield EventWritten(
        at=clock.after(0, 2),
        channel="Application",
        provider="MSExchange Unified Messaging",
        event_id=1423,
        level=2,
        data=(header, f'{text} "{header}". {_FAULT}'),
        label=truth.targeted(_RUNG, "Unified Messaging met a forged object", ("event.application",)),
    )
    if act.rung != _RUNG:
        return
    for line in ("cmd.exe /c whoami", "cmd.exe /c ipconfig /all"):
        yield ProcessStarted(
            at=clock.after(0.3, 3),
            image="C:\\Windows\\System32\\cmd.exe",
            parent=f"{scene.exchange}\\Bin\\UMWorkerProcess.exe",
            command_line=line,
            label=truth.compromised(_RUNG, "Unified Messaging started a program", truth.PROCESSES),
        )
