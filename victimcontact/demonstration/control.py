"""What the demonstration's control room did: officers sent, checks, advice, and who was told."""

from datetime import timedelta

from triage.control import advice, checks, closing, dispatching, safeguarding, telling
from victimcontact.accounts.roles import Role
from victimcontact.demonstration import staff


def build(incidents, force, *, at) -> None:
    """Work on some ``incidents`` ({case: Incident}) as a handler would have, some minutes ago."""
    handler = staff.one_click(force, Role.CALL_HANDLER)

    def ago(minutes):
        return {"by": handler, "at": at - timedelta(minutes=minutes)}

    child = incidents["missing_child"]
    sent = dispatching.send_now(
        child,
        reason="A child missing in the dark, not dressed for it",
        told="call",
        came_from="choice",
        **ago(1),
    )
    dispatching.step(sent, state="acknowledged", by=None, at=at)

    partner = incidents["partner_may_come_back"]
    checks.record(partner, kind="police-records", result="nothing", **ago(9))
    checks.record(
        partner,
        kind="warrants-bail",
        result="found",
        note="A non-molestation order of last spring: not to come to the address",
        **ago(8),
    )
    checks.record(
        partner, kind="firearms", result="not_done", note="The system is down until 6", **ago(8)
    )
    advice.give(partner, items=["ring-999", "safe-place", "keep-messages"], **ago(7))
    safeguarding.decide(
        partner,
        choice="avoid",
        risk="He has a key and may come back tonight",
        what="She goes to her sister's before dark; a patrol passes the house until morning",
        why="The lock cannot be changed today",
        **ago(6),
    )
    telling.told(incidents["cuckooed_flat"], what="delay", how="call", **ago(0))

    update = incidents["asks_for_an_update"]
    closing.close(
        update,
        outcome="advice",
        reason="Told how to reach the officer in charge, and content with it",
        told="call",
        **ago(0),
    )
