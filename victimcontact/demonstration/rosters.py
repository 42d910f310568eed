"""Who of the demonstration force can do what, and who is away. None of them exists."""

from datetime import time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments.models import Desk
from appointments.rosters import skills
from appointments.rosters.models import (
    Absence,
    Profile,
    ShiftPattern,
    UrgencyBand,
)
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import Role
from victimcontact.lib import local_time

# Everybody has learnt the first; of every so many officers one has the others.
EVERYBODY = "domestic-abuse"
ONE_OF = {"abe": 3, "welsh": 9, "bsl": 18}
LANGUAGES = {"welsh": "cy", "bsl": "bsl"}
TWO_TWO_TWO = [*["07:00-15:00"] * 2, *["14:00-22:00"] * 2, *["22:00-07:00"] * 2, *[""] * 4]
# Number among the officers, kind, first day from today, days.
AWAY = [(4, "leave", 2, 7), (9, "sickness", 0, 3), (15, "training", 1, 1), (22, "leave", 5, 9)]


def build(force, *, at) -> None:
    """Skills, bands of urgency, a pattern that nobody works yet, and a few absences."""
    skills.ensure_usual(force)
    leader = User.objects.get(forces=force, is_demonstration=True, roles=[Role.SUPERVISOR])
    officers = list(
        User.objects.filter(forces=force, roles__contains=[Role.VIDEO_OFFICER]).order_by(
            "-is_demonstration", "collar_number"
        )
    )
    for number, officer in enumerate(officers):
        # The one-click officer, first, can see anybody.
        learnt = [slug for slug, many in ONE_OF.items() if number % many == 0]
        Profile.objects.create(
            user=officer,
            skills=[EVERYBODY, *learnt],
            languages=[LANGUAGES[slug] for slug in learnt if slug in LANGUAGES],
        )
    for order, (name, flags, hours) in enumerate(
        [
            ("Critical", sorted({"domestic_abuse", "stalking", "sexual_offence"}), 24),
            ("Next few days", [], 120),
        ],
        1,
    ):
        UrgencyBand.objects.create(
            force=force, order=order, name=name, flags=flags, within_hours=hours
        )
    for desk in Desk.objects.filter(force=force):
        ShiftPattern.objects.create(desk=desk, name="Two earlies, lates, nights", days=TWO_TWO_TWO)
    today = local_time.local(at).date()
    for number, kind, first, days in AWAY:
        begins = local_time.from_local(today + timedelta(days=first), time(0))
        ends = local_time.from_local(today + timedelta(days=first + days), time(0))
        Absence.objects.create(
            officer=officers[number],
            during=DateTimeTZRange(begins, ends),
            kind=kind,
            recorded_by=leader,
            recorded_at=at,
        )
