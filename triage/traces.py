"""Numbers, persons and addresses by which an incident is found again.

A key is a keyed hash within one force: it tells nothing to whoever has the table alone. Two
spellings of one address meet by its words without marks, or by its house number and postcode.
"""

import re
import uuid

from django.db import connection

from triage.models import Incident, Participant, Trace
from victimcontact.lib.hashing import keyed_hash

NUMBER, PERSON, ADDRESS = Trace.Kind.NUMBER, Trace.Kind.PERSON, Trace.Kind.ADDRESS
DOMESTIC = {"domestic_abuse", "coercive_control"}
_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})\b")

INSERT = """
insert into triage_trace as old
       (incident_id, key, kind, reported_at, as_victim, is_domestic)
values {rows}
on conflict (incident_id, key) do update set as_victim = true
 where excluded.as_victim and not old.as_victim
"""


def of_number(force_id, e164: str) -> dict:
    return _keys(force_id, NUMBER, [e164])


def of_address(force_id, text: str) -> dict:
    """Keys of a place or a home, as people write it down."""
    words = _plain(text)
    found = [words]
    upper = text.upper()
    if postcode := _POSTCODE.search(upper):
        # "Flat 2, 14 High Street": which door of the postcode it is, whatever else is written.
        doors = re.findall(r"\b\d+[A-Z]?\b", upper[: postcode.start()])
        if doors:
            found.append(f"{' '.join(doors)}|{postcode[1]}{postcode[2]}")
    return _keys(force_id, ADDRESS, found)


def of_person(force_id, *, contact_id=None, name="", born="") -> dict:
    """Keys of a person: the record that was confirmed, and the name with its date of birth.

    ``born`` is an ISO date or empty.
    """
    named = f"{_plain(name)}|{born}" if name and born else ""
    return _keys(force_id, PERSON, [str(contact_id) if contact_id else "", named])


def of_contact(contact) -> dict:
    """{key: kind} of everything that is known of a contact."""
    force_id = contact.force_id
    found = of_number(force_id, contact.phone) | of_address(force_id, contact.address)
    found |= of_person(
        force_id, contact_id=contact.pk, name=contact.name, born=contact.date_of_birth
    )
    if contact.merged_into_id:
        found |= of_person(force_id, contact_id=contact.merged_into_id)
    return found


def of_person_told(force_id, person: dict) -> dict:
    """{key: kind} of a person as a form tells of them (``ReportForm.people``)."""
    return (
        of_number(force_id, person["phone"])
        | of_address(force_id, person["address"])
        | of_person(
            force_id, contact_id=person["contact_id"], name=person["name"], born=person["born"]
        )
    )


def keep_place(incident: Incident) -> None:
    """Keep the keys of where it happened."""
    keep(incident, of_address(incident.force_id, incident.location), as_victim=False)


def keep_person(participant: Participant) -> None:
    """Keep the keys of a participant. A person suspected has none."""
    if participant.contact_id is None:
        return
    as_victim = participant.role == Participant.Role.VICTIM
    keep(participant.incident, of_contact(participant.contact), as_victim=as_victim)


def keep_contact(contact) -> None:
    """Keep what became known of a contact, for every incident that they are part of."""
    parts = Participant.objects.filter(contact=contact).select_related("incident")
    for participant in parts.defer("incident__narrative", "incident__location"):
        as_victim = participant.role == Participant.Role.VICTIM
        keep(participant.incident, of_contact(contact), as_victim=as_victim)


def keep_domestic(assessment) -> None:
    """Keep whether the latest assessment says that it is domestic abuse."""
    is_domestic = bool(DOMESTIC & set(assessment.flags))
    Trace.objects.filter(incident=assessment.incident_id).exclude(is_domestic=is_domestic).update(
        is_domestic=is_domestic
    )


def keep(incident, keys, *, as_victim) -> None:
    """Keep ``keys`` (as the functions above give them) of an incident."""
    if not keys:
        return
    values = []
    for key, kind in keys.items():
        values += [incident.pk, key, str(kind), incident.reported_at, as_victim]
    rows = ", ".join(["(%s, %s, %s, %s, %s, false)"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(rows=rows), values)


def _keys(force_id, kind, texts):
    return {
        uuid.UUID(keyed_hash(f"trace:{kind}", f"{force_id}|{text}")[:32]): kind
        for text in texts
        if text
    }


def _plain(text):
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
