"""Rows of the control room for tests, made by its services."""

from django.utils.timezone import now

from tests import factories
from triage.control import advice, checks, closing, dispatching, safeguarding
from victimcontact.accounts.roles import Role


def dispatch(incident, *, by=None, at=None, **more):
    """Officers sent to ``incident``, the caller told on the line."""
    by = by or factories.user(Role.CALL_HANDLER, at_force=incident.force)
    given = {"reason": "He is at the door", "told": "call"} | more
    return dispatching.send_now(incident, by=by, at=at or now(), **given)


def one_of_each():
    """An incident with a row in every kept table of the control room."""
    made = factories.incident(grade=3, at=now())
    by = factories.user(Role.CALL_HANDLER)
    said = {"by": by, "at": now()}
    checks.record(made, kind="custody", result="nothing", **said)
    advice.give(made, items=["locks"], **said)
    safeguarding.decide(
        made, choice="avoid", risk="A key", what="Stay with a friend", why="Today", **said
    )
    asked = dispatch(made, by=by)
    dispatching.step(asked, state="arrived", **said)
    closing.close(made, outcome="seen", reason="All well", told="call", **said)
    closing.reopen(made, because="repeat report", **said)
    return made
