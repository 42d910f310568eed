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


# What nobody on duty waits for a permission to do. Anyone may raise a grade, at once.
_ON_DUTY = {
    "officers.send",
    "caller.tell",
    "check.record",
    "advice.give",
    "safeguarding.decide",
    "incident.reopen",
}
_CALL_HANDLER = _ON_DUTY | {
    "incident.close",
    "officers.follow",
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
    "duty.say",
    "incident.own",
    "shift.hand_over",
}
# Whoever assesses reports also practises it, and reads what reviewers say of it.
_LEARNS = {"practice.use", "feedback.view"}
# Who moves other people's work, and sees all of it.
_LEADS = {"officers.follow", "officers.export", "board.view", "incident.assign", "incident.pin"}
_VIDEO_OFFICER = _ON_DUTY | {
    "incident.close",
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
    "duty.say",
}
_OFFICER_IN_CHARGE = _ON_DUTY | {
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
    Role.CALL_HANDLER: frozenset(_CALL_HANDLER | _LEARNS),
    Role.TEAM_LEADER: frozenset(
        _CALL_HANDLER | _LEARNS | _LEADS | {"grade.lower", "diary.view", "quality.trend"}
    ),
    Role.VIDEO_OFFICER: frozenset(_VIDEO_OFFICER | _LEARNS),
    Role.OFFICER_IN_CHARGE: frozenset(_OFFICER_IN_CHARGE),
    Role.SUPERVISOR: frozenset(
        _VIDEO_OFFICER
        | _OFFICER_IN_CHARGE
        | _LEARNS
        | _LEADS
        | {
            "grade.lower",
            "diary.manage",
            "case.assign",
            "incident.own",
            "shift.hand_over",
            "quality.trend",
        }
    ),
    Role.QUALITY_REVIEWER: frozenset(
        {"incident.view", "assessment.review", "quality.trend", "practice.use"}
    ),
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
