"""What Windows and Exchange say in the server's language, as far as it reaches the logs.

Rules must not hang on English words; scenarios in other languages prove that they do not. A language
that is not here speaks English under its own culture.
"""

from __future__ import annotations

from msgspec import Struct


class Texts(Struct, frozen=True, kw_only=True):
    """The texts of one language.

    Attributes:
        view: settings of a cmdlet's session, with ``{domain}`` and ``{controller}``.
        proxied: how many objects were handled elsewhere.
        running: state of a service.
        stopped: state of a service.
        unhandled: what ASP.NET says of an exception nobody caught.
        quarantined: what Defender did.
        no_action: what Defender did when it had only looked.
        severe: how Defender grades a back door.
        category: under what Defender files a back door.
        system: the account of the machine.
        started: the control panel came up.
    """

    view: str
    proxied: str
    running: str
    stopped: str
    unhandled: str
    quarantined: str
    no_action: str
    severe: str
    category: str
    system: str
    started: str


_ENGLISH = Texts(
    view=(
        "View Entire Forest: 'False', Default Scope: '{domain}', Configuration Domain Controller: "
        "'{controller}', Preferred Global Catalog: '{controller}', Preferred Domain Controllers: "
        "'{{ {controller} }}'"
    ),
    proxied="0 objects execution has been proxied to remote server.",
    running="running",
    stopped="stopped",
    unhandled="An unhandled exception has occurred.",
    quarantined="Quarantine",
    no_action="Not Applicable",
    severe="Severe",
    category="Backdoor",
    system="SYSTEM",
    started="The Exchange Control Panel has started.",
)
_GERMAN = Texts(
    view=(
        "Gesamte Gesamtstruktur anzeigen: 'False', Standardbereich: '{domain}', "
        "Konfigurationsdomänencontroller: '{controller}', Bevorzugter globaler Katalog: '{controller}', "
        "Bevorzugte Domänencontroller: '{{ {controller} }}'"
    ),
    proxied="Die Ausführung von 0 Objekten wurde an den Remoteserver weitergeleitet.",
    running="wird ausgeführt",
    stopped="beendet",
    unhandled="Es ist eine nicht behandelte Ausnahme aufgetreten.",  # codespell:ignore ist
    quarantined="Quarantäne",
    no_action="Nicht zutreffend",
    severe="Schwerwiegend",
    category="Hintertür",
    system="SYSTEM",
    started="Die Exchange-Systemsteuerung wurde gestartet.",
)
_FRENCH = Texts(
    view=(
        "Afficher la forêt entière : 'False', Portée par défaut : « {domain} », Configuration du "
        "contrôleur de domaine : « {controller} », Catalogue global préféré : « {controller} », "
        "Contrôleurs de domaine préférés : « {{ {controller} }} »"
    ),
    proxied="L'exécution de 0 objets a été transmise au serveur distant.",  # codespell:ignore objets
    running="en cours d'exécution",
    stopped="arrêté",
    unhandled="Une exception non gérée s'est produite.",
    quarantined="Mettre en quarantaine",  # codespell:ignore quarantaine
    no_action="Non applicable",
    severe="Grave",
    category="Porte dérobée",
    system="Système",
    started="Le panneau de configuration Exchange a démarré.",
)
_NORWEGIAN = Texts(
    view=(
        "Vis hele skogen: 'False', Standardområde: '{domain}', Domenekontroller for konfigurasjon: "
        "'{controller}', Foretrukket global katalog: '{controller}', Foretrukne domenekontrollere: "
        "'{{ {controller} }}'"
    ),
    proxied="Kjøring av 0 objekter er videresendt til den eksterne serveren.",
    running="kjører",
    stopped="stoppet",
    unhandled="Det har oppstått et ubehandlet unntak.",
    quarantined="Sett i karantene",
    no_action="Ikke aktuelt",
    severe="Alvorlig",
    category="Bakdør",
    system="SYSTEM",
    started="Exchange-kontrollpanelet er startet.",  # codespell:ignore startet
)
_SPANISH = Texts(
    view=(
        "Ver todo el bosque: 'False', Ámbito predeterminado: '{domain}', Controlador de dominio de "
        "configuración: '{controller}', Catálogo global preferido: '{controller}', Controladores de "
        "dominio preferidos: '{{ {controller} }}'"
    ),
    proxied="La ejecución de 0 objetos se ha redirigido al servidor remoto.",
    running="en ejecución",
    stopped="detenido",
    unhandled="Se ha producido una excepción no controlada.",
    quarantined="Poner en cuarentena",
    no_action="No aplicable",  # codespell:ignore aplicable
    severe="Grave",
    category="Puerta trasera",
    system="SYSTEM",
    started="El Panel de control de Exchange se ha iniciado.",
)
_LANGUAGES = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "no": _NORWEGIAN,
    "nb": _NORWEGIAN,
    "es": _SPANISH,
}
_CULTURES = {"en": "en-US", "no": "nb-NO", "nb": "nb-NO", "cs": "cs-CZ", "sv": "sv-SE", "da": "da-DK"}


def texts_of(language: str) -> Texts:
    """Give the texts of a language such as ``de``; English for one that is not here."""
    return _LANGUAGES.get(language[:2].lower(), _ENGLISH)


def culture_of(language: str) -> str:
    """Give the culture of a language: ``de-DE`` for ``de``."""
    if "-" in language:
        return language
    return _CULTURES.get(language.lower(), f"{language.lower()}-{language.upper()}")
