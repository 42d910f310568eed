"""Record a crime from an incident, under the force's own reference."""

from django.db import transaction
from django.db.models import Max

from triage import crime_types, signals
from triage.models import Crime, Incident
from victimcontact.accounts.models import Force
from victimcontact.accounts.permissions import can
from victimcontact.audit import ledger
from victimcontact.lib import local_time


class OfficerUnfit(ValueError):
    """The officer cannot be in charge: another force's, not active, or without that role."""


class NoSuchType(ValueError):
    """The kind of crime is not one of ``crime_types``."""


@transaction.atomic
def record_crime(incident, *, crime_type: str, officer_in_charge, by, at) -> Crime:
    """Record ``incident`` as a crime. Asked again, the Crime that stands comes back unchanged.

    The number counts up within force and year, and a year turns at midnight in London. Raises
    OfficerUnfit and NoSuchType. Sends ``crime_recorded``, which opens the case.
    """
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    standing = Crime.objects.filter(incident=incident).first()
    if standing:
        return standing
    if crime_type not in crime_types.all_types():
        raise NoSuchType
    if not can_take_charge(officer_in_charge, incident.force):
        raise OfficerUnfit

    # One at a time within a force, so that numbers have no gaps. Not FOR UPDATE: every insert
    # that refers to the force would wait for it.
    force = Force.objects.select_for_update(no_key=True).get(pk=incident.force_id)
    year = local_time.local(at).year
    last = Crime.objects.filter(force=force, year=year).aggregate(last=Max("number"))["last"]
    number = (last or 0) + 1
    crime = Crime.objects.create(
        incident=incident,
        force=force,
        reference=force.crime_reference_pattern.format(
            prefix=force.reference_prefix, number=number, year=year % 100
        ),
        year=year,
        number=number,
        crime_type=crime_type,
        officer_in_charge=officer_in_charge,
        recorded_at=at,
        recorded_by=by,
    )
    incident.crime_type = crime_type
    incident.save(update_fields=["crime_type"])
    ledger.record("crime.recorded", by=by, about=incident, at=at, crime=str(crime.pk))
    signals.crime_recorded.send(sender=Crime, crime=crime, by=by, at=at)
    return crime


def can_take_charge(officer, force) -> bool:
    """Whether ``officer`` may have a case of ``force``."""
    return can(officer, "case.update") and officer.forces.filter(pk=force.pk).exists()
