"""An officer goes sick, on leave or to a course: who was booked with them is seen all the same."""

from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments.rosters import losses
from appointments.rosters.models import Absence, Outcome
from victimcontact.audit import ledger


def record(
    *, officer, during: DateTimeTZRange, by, at: datetime, kind=Absence.Kind.SICKNESS
) -> list[Outcome]:
    """Record an absence and settle each appointment in it. Returns what became of each.

    Another officer who can takes the time over, else the nearest time within the urgency band is
    booked and the victim told, else a person is asked to ring. The absence stands from its own
    transaction on: no slot is offered in it, and what is left when a worker dies is settled by the
    clock. Recorded twice, it is one absence.
    """
    absence = add(officer=officer, during=during, kind=kind, by=by, at=at)
    losses.note(officers=[officer], because=kind, by=by, at=at, absence=absence)
    return losses.settle_all(list(absence.outcomes.all()), at=at)


@transaction.atomic
def add(*, officer, during, kind, by, at: datetime) -> Absence:
    """The absence alone. The same one again is the one that stands."""
    losses.lock_officers([officer])
    same = Absence.objects.filter(officer=officer, during=during, kind=kind, ended_at=None).first()
    if same:
        return same
    absence = Absence.objects.create(
        officer=officer, during=during, kind=kind, recorded_by=by, recorded_at=at
    )
    ledger.record("absence.recorded", by=by, about=absence, at=at, kind=str(kind))
    return absence


@transaction.atomic
def take_back(absence_id, *, by, at: datetime) -> Absence:
    """The officer is back, or it was a mistake: their shifts give slots again. Twice is once.

    What was moved stays moved: the victims were told.
    """
    officer_id = Absence.objects.values_list("officer_id", flat=True).get(pk=absence_id)
    losses.lock_officers([officer_id])
    absence = Absence.objects.get(pk=absence_id)
    if absence.ended_at is None:
        absence.ended_at = at
        absence.save(update_fields=["ended_at"])
        ledger.record("absence.taken_back", by=by, about=absence, at=at)
    return absence
