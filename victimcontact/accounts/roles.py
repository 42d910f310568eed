"""Roles of staff and what each may do: the one table that pages, sockets and tests read.

A role is a set of named permissions; the default is no. A person may hold several roles.
"""

from django.db.models import TextChoices


class Role(TextChoices):
    CALL_HANDLER = "call_handler", "Call handler"
    TEAM_LEADER = "team_leader", "Team leader"
    VIDEO_OFFICER = "video_officer", "Video officer"
    OFFICER_IN_CHARGE = "officer_in_charge", "Officer in charge"
    SUPERVISOR = "supervisor", "Supervisor"
    QUALITY_REVIEWER = "quality_reviewer", "Quality reviewer"
    AUDITOR = "auditor", "Disclosure and audit"
    ADMINISTRATOR = "administrator", "Administrator"


_CALL_HANDLER = {
    "desk.work",
    "incident.view",
    "incident.create",
    "incident.assess",
    "offer.make",
    "referral.view",
    "referral.make",
    "appointment.book",
    "crime.record",
    "contact.change",
    "task.view",
    "task.work",
}
_VIDEO_OFFICER = {
    "incident.view",
    "incident.assess",
    "referral.view",
    "referral.make",
    "diary.view",
    "appointment.view",
    "appointment.book",
    "room.enter",
    "statement.write",
    "statement.view",
    "exhibit.view",
    "crime.record",
    "contact.change",
    "task.view",
    "task.work",
}
_OFFICER_IN_CHARGE = {
    "incident.view",
    "referral.view",
    "referral.make",
    "appointment.view",
    "case.view",
    "case.update",
    "case.message",
    "statement.view",
    "exhibit.view",
    "contact.change",
    "task.view",
    "task.work",
}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.CALL_HANDLER: frozenset(_CALL_HANDLER),
    Role.TEAM_LEADER: frozenset(_CALL_HANDLER | {"grade.lower", "board.view", "diary.view"}),
    Role.VIDEO_OFFICER: frozenset(_VIDEO_OFFICER),
    Role.OFFICER_IN_CHARGE: frozenset(_OFFICER_IN_CHARGE),
    Role.SUPERVISOR: frozenset(
        _VIDEO_OFFICER | _OFFICER_IN_CHARGE | {"grade.lower", "diary.manage", "case.assign"}
    ),
    Role.QUALITY_REVIEWER: frozenset({"incident.view", "assessment.review"}),
    Role.AUDITOR: frozenset(
        {
            "incident.view",
            "referral.view",
            "appointment.view",
            "case.view",
            "statement.view",
            "exhibit.view",
            "ledger.view",
        }
    ),
    Role.ADMINISTRATOR: frozenset({"admin.use"}),
}
ALL_PERMISSIONS = frozenset().union(*PERMISSIONS.values())
