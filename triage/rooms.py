"""What each room of the control room shows on an incident's page.

A room lists itself here once: a function (incident, user, at) -> dict, and where its template
stands. The template sees the names of that dict besides those of the page, and no other room's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from triage.api import panel as api
from triage.chat import panel as chat
from triage.control import panel as control
from triage.desk import panel as desk
from triage.partners import panel as partners
from triage.shifts import panel as shifts
from triage.social import panel as social

TOP, MAIN, SIDE = "top", "main", "side"


@dataclass(frozen=True)
class Panel:
    """A part of the incident's page: ``template`` is triage/<room>/_incident.html unless said.

    ``context`` may answer None: the part is then left out for this incident or person.
    """

    room: str
    context: Callable
    place: str = MAIN
    template: str = ""

    @property
    def path(self) -> str:
        return self.template or f"triage/{self.room}/_incident.html"


@dataclass(frozen=True)
class Shown:
    """A panel with what it shows of one incident."""

    path: str
    context: dict


# In the order in which they stand on the page: one line for each room.
PANELS: tuple[Panel, ...] = (
    Panel("control", control.top_context, TOP, "triage/control/_top.html"),
    Panel("partners", partners.incident_context),
    Panel("control", control.incident_context, SIDE),
    Panel("desk", desk.incident_context),
    Panel("chat", chat.incident_context),
    Panel("social", social.incident_context),
    Panel("api", api.incident_context, TOP),
    Panel("shifts", shifts.incident_context, SIDE),
)


def panels_of(incident, user, at) -> dict[str, list[Shown]]:
    """{place: the parts to show there} of ``incident`` as ``user`` may see it at ``at``."""
    found = {TOP: [], MAIN: [], SIDE: []}
    for panel in PANELS:
        context = panel.context(incident, user, at)
        if context is not None:
            found[panel.place].append(Shown(panel.path, context))
    return found
