"""A control room's night: who handles calls, who owns what, what was handed on and put first."""

from triage.models import Incident
from triage.shifts import duty, ownership
from victimcontact.accounts.models import Team, User
from victimcontact.accounts.roles import Role
from victimcontact.demonstration import staff

# First name, last name, number, what they say of themselves.
HANDLERS = [
    ("Ellis", "Moran", "7033", "free"),
    ("Farida", "Khan", "7034", "busy"),
    ("Gwen", "Pritchard", "7035", "free"),
    ("Hugo", "Bell", "7036", "busy"),
    ("Ines", "Duarte", "7037", "away"),
]


def build(force, *, at):
    """Put call handlers on duty, and give some of them what stands open."""
    people = [_handler(force, first, last, number) for first, last, number, _ in HANDLERS]
    handler = staff.one_click(force, Role.CALL_HANDLER)
    leader = staff.one_click(force, Role.TEAM_LEADER)
    for person, (*_, state) in zip(people, HANDLERS, strict=True):
        duty.say(person, state, at=at)
    standing = list(
        Incident.objects.filter(force=force, status=Incident.Status.OPEN, owner=None).order_by(
            "grade", "due_at", "id"
        )
    )
    for number, incident in enumerate(standing[:14]):
        owner = (*people[:4], handler, None)[number % 6]
        if owner is not None:
            ownership.take_over(incident, by=owner, at=at)
    for incident in standing[14:16]:
        ownership.take_over(incident, by=people[4], at=at)
    if len(standing) > 16:
        ownership.hand_over(
            by=people[4],
            to=None,
            note="Both victims know that somebody will ring before six. The first prefers texts.",
            at=at,
        )
        ownership.pin(
            standing[16], reason="Her third call today: somebody rings her first", by=leader, at=at
        )


def _handler(force, first, last, number):
    person = User(
        username=f"{first}.{last}".lower(),
        first_name=first,
        last_name=last,
        collar_number=number,
        roles=[Role.CALL_HANDLER],
    )
    person.set_unusable_password()
    person.save()
    person.forces.add(force)
    person.teams.add(Team.objects.get(force=force, name="Control room"))
    return person
