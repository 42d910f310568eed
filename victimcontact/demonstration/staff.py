"""Northmoor Police: its desks, its people and their shifts. None of them exists."""

from datetime import time, timedelta
from itertools import product

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments.models import Desk, Shift
from appointments.models.desk import HOLIDAY, WEEKDAYS
from victimcontact.accounts.models import Force, Team, User
from victimcontact.accounts.roles import Role
from victimcontact.lib import local_time

ROSTER_DAYS = 14
SLUG = "northmoor"

# One for each role: sign-in by one click.
ONE_EACH = [
    (Role.VIDEO_OFFICER, "PC", "Amara", "Osei", "4417", "female"),
    (Role.CALL_HANDLER, "", "Priya", "Nair", "7031", "female"),
    (Role.TEAM_LEADER, "", "Tom", "Askew", "7002", "male"),
    (Role.OFFICER_IN_CHARGE, "DC", "Daniel", "Whitlock", "2290", "male"),
    (Role.SUPERVISOR, "PS", "Ruth", "Calder", "1106", "female"),
    (Role.QUALITY_REVIEWER, "", "Leena", "Rao", "7040", "female"),
    (Role.AUDITOR, "", "Gareth", "Pugh", "7050", "male"),
    (Role.ADMINISTRATOR, "", "Moira", "Kerr", "7060", "female"),
]
FIRST_NAMES = [
    ("Aisha", "female"),
    ("Ben", "male"),
    ("Carys", "female"),
    ("Dev", "male"),
    ("Ellen", "female"),
    ("Femi", "male"),
    ("Grace", "female"),
    ("Harun", "male"),
    ("Isla", "female"),
]
LAST_NAMES = ["Ashdown", "Birkett", "Chaudhry", "Dunmore", "Eastlake", "Farrow", "Garside", "Holm"]
SERGEANTS = 17  # of the 72; the rest are constables

# The two desks, seven days a week, and the shifts that cover their hours.
DIARY = {
    "name": "Video diary",
    "slug": "video-diary",
    "opens": time(8, 30),
    "closes": time(21, 30),
    # Round the clock, so that the house can be tried at any hour.
    "hours": {day: ["00:00", "24:00"] for day in WEEKDAYS},
    "kinds": ["video", "visit", "station"],
    "place": "Northmoor Police Station, 1 Castle Street",
    "takes_flags": [],
    "names_officer": True,
}
ABUSE = {
    "name": "Domestic abuse desk",
    "slug": "domestic-abuse",
    "opens": time(7),
    "closes": time(23),
    "hours": {HOLIDAY: ["09:00", "21:00"]},
    "kinds": ["video", "visit"],
    "takes_flags": ["domestic_abuse", "coercive_control", "honour_based_abuse"],
    "names_officer": False,
    "plain_background": True,
}
HALVES = {
    "video-diary": [(time(8, 30), time(15)), (time(15), time(21, 30))],
    "domestic-abuse": [(time(7), time(15)), (time(15), time(23))],
}


def make_force() -> Force:
    """The force, its desks, a person for each role and 72 officers to fill the diary."""
    force = Force.objects.create(
        slug=SLUG,
        name="Northmoor Police",
        reference_prefix="NM",
        contact_number="+442079460101",
    )
    control_room = Team.objects.create(force=force, name="Control room")
    for role, rank, first, last, collar, gender in ONE_EACH:
        person = _person(force, [role], rank, first, last, collar, gender)
        if role in (Role.CALL_HANDLER, Role.TEAM_LEADER):
            person.teams.add(control_room)
    for values in (DIARY, ABUSE):
        Desk.objects.create(force=force, **values)
    for number, ((first, gender), last) in enumerate(product(FIRST_NAMES, LAST_NAMES)):
        sergeant = number < SERGEANTS
        roles = [Role.SUPERVISOR, Role.VIDEO_OFFICER] if sergeant else [Role.VIDEO_OFFICER]
        rank = "PS" if sergeant else "PC"
        _person(force, roles, rank, first, last, str(5100 + number), gender, one_click=False)
    return force


def fill_roster(force, *, at) -> int:
    """Shifts for today and the next days, where an officer has none. Returns how many were added.

    The one-click video officer works round the clock, so that the house can be tried at any hour.
    """
    today = local_time.local(at).date()
    days = [today + timedelta(days=number) for number in range(ROSTER_DAYS)]
    diary, abuse = (Desk.objects.get(force=force, slug=d["slug"]) for d in (DIARY, ABUSE))
    one_click = User.objects.get(forces=force, is_demonstration=True, collar_number="4417")
    officers = list(
        User.objects.filter(
            forces=force, roles__contains=[Role.VIDEO_OFFICER], is_demonstration=False
        ).order_by("collar_number")
    )
    wanted = [(diary, one_click, *local_time.day_bounds(day)) for day in days]
    for number, officer in enumerate(officers):
        desk = abuse if number % 2 else diary
        starts, ends = HALVES[desk.slug][number // 2 % 2]
        for day in days:
            # Four days on, two off, each officer beginning on another day.
            if (day.toordinal() + number) % 6 < 4:
                start, end = (local_time.from_local(day, moment) for moment in (starts, ends))
                wanted.append((desk, officer, start, end))
    known = set(
        Shift.objects.filter(desk__force=force).values_list("officer_id", "during__startswith")
    )
    shifts = [
        Shift(desk=desk, officer=officer, during=DateTimeTZRange(start, end))
        for desk, officer, start, end in wanted
        if (officer.pk, start) not in known
    ]
    return len(Shift.objects.bulk_create(shifts))


def one_click(force, role) -> User:
    """The person of that role who signs in by one click."""
    return User.objects.get(forces=force, is_demonstration=True, roles=[role])


def _person(force, roles, rank, first, last, collar, gender, *, one_click=True):
    person = User(
        username=f"{first}.{last}".lower(),
        first_name=first,
        last_name=last,
        rank=rank,
        collar_number=collar,
        gender=gender,
        roles=roles,
        is_demonstration=one_click,
    )
    person.set_unusable_password()
    person.save()
    person.forces.add(force)
    return person
