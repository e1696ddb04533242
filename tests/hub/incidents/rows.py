"""Incident reports for the tests that walk every address: number 1 is the member's, number 2 nobody's."""

from __future__ import annotations

from tests.hub.incidents.making import AWARE

from tocsin.hub.constituency.models import Organisation
from tocsin.hub.incidents.models import Entry, IncidentReport, Upload


def reports(of: Organisation) -> None:
    """Two reports, something said about the first, and a file of it that is gone."""
    for number, owner in ((1, of), (2, None)):
        IncidentReport.objects.create(
            pk=number,
            reference=f"IR-2021-AAAAAAA{number + 1}",
            secret=f"{number:064}",
            organisation_name="Contoso",
            contact="+44 20 7946 0000",
            seen="A page that nobody put there.",
            aware=AWARE,
            organisation=owner,
        )
    Entry.objects.create(report_id=1, kind=Entry.QUESTION, text="Which server was it?")
    Upload.objects.create(pk=1, report_id=1, name="page.aspx", digest="0" * 64, size=1)
