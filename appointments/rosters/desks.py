"""Desks and officers' profiles: written with an entry in the ledger."""

from django.db import transaction

from appointments.rosters.models import DeskDay, Profile
from victimcontact.accounts.models import User
from victimcontact.audit import ledger


@transaction.atomic
def save(desk, *, by, at):
    """Save a new or changed Desk. What is booked stands, whatever its hours are now."""
    is_new = desk._state.adding
    desk.save()
    ledger.record("desk.added" if is_new else "desk.changed", by=by, about=desk, at=at)
    return desk


@transaction.atomic
def set_day(desk, *, on, opens, closes, because, by, at) -> DeskDay:
    """Other hours on a date, or none (both None). A date that had some is given these."""
    day, _ = DeskDay.objects.update_or_create(
        desk=desk, on=on, defaults={"opens": opens, "closes": closes, "because": because}
    )
    ledger.record("desk.day_set", by=by, about=desk, at=at, on=str(on))
    return day


@transaction.atomic
def unset_day(day, *, by, at) -> None:
    """The usual hours stand again."""
    ledger.record("desk.day_unset", by=by, about=day.desk, at=at, on=str(day.on))
    day.delete()


@transaction.atomic
def set_profile(officer, *, skills, languages, gender, by, at) -> Profile:
    """What an officer has learnt and speaks, and their gender."""
    profile, _ = Profile.objects.update_or_create(
        user=officer, defaults={"skills": skills, "languages": languages}
    )
    User.objects.filter(pk=officer.pk).update(gender=gender)
    ledger.record("officer.profile_set", by=by, about=profile, at=at, skills=sorted(skills))
    return profile


def note(what, about, *, by, at) -> None:
    """An entry in the ledger for what a page wrote by itself."""
    ledger.record(what, by=by, about=about, at=at)
