"""People who saw or heard it: reached and heard apart from the victim."""

from django.db import transaction

from triage.models import Participant
from victimcontact.audit import ledger
from victimcontact.people.models import Contact


@transaction.atomic
def add(incident, *, name, phone, by, at) -> Participant:
    """Put a witness on ``incident``, as a contact of their own. ``phone`` is E.164.

    Never joined by a shared number to somebody known: a household may be on both sides.
    """
    contact = Contact.objects.create(force=incident.force, name=name, phone=phone, created_at=at)
    witness = Participant.objects.create(
        incident=incident, role=Participant.Role.WITNESS, contact=contact
    )
    ledger.record("witness.added", by=by, about=incident, at=at, contact=str(contact.pk))
    return witness
