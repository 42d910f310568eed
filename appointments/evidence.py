"""Exhibits: received once, kept bit for bit, shown as a copy, and every look written down.

The original never leaves by itself: people see a copy without its notes (place, time, device),
and an export of the original is an act with a reason and a name.
"""

import hmac
import re
import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Max

from appointments import photographs, protocol, rooms, sealing
from appointments.models import Appointment, ContinuityEntry, Exhibit, StatementVersion
from appointments.signals import exhibit_received
from appointments.statements import is_admitted
from triage.models import Incident
from victimcontact.audit import ledger
from victimcontact.audit.models import Entry

Act = ContinuityEntry.Act

MOST_PIXELS = 64_000_000
MOST_EXHIBITS = 40  # of one appointment
INITIALS_LENGTH = 6


class Refused(Exception):
    """The file was not kept. ``reason``: one of photographs' reasons, or large, changed, many."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class NotAdmitted(Exception):
    """This opening of the link may not send anything: the officer has not let it in."""


@dataclass(frozen=True)
class File:
    """A file as it goes out: bytes, media type, and a name that tells nothing of the person."""

    content: bytes
    media_type: str
    name: str


def receive(
    *, appointment_id, visit, chunks, file_name, description, client_sha256, idempotency_key, at
):
    """Keep a photograph that a victim sent from the call, and return its Exhibit.

    ``chunks`` are the bytes in order; ``client_sha256`` is the hash as the sender's browser worked
    it out, empty when it could not. The same key, or the same bytes from the same person, return
    the exhibit that is there. Writes original and copy, two continuity entries and the ledger, and
    sends ``exhibit_received``. Raises NotAdmitted, Refused; nothing is kept then.
    """
    appointment = Appointment.objects.select_related("contact", "incident").get(pk=appointment_id)
    if not is_admitted(appointment, visit):
        raise NotAdmitted
    earlier = Exhibit.objects.filter(
        idempotency_key=idempotency_key, contact=appointment.contact
    ).first()
    if earlier:
        return earlier
    try:
        original = sealing.seal(chunks, suffix="bin", limit_bytes=settings.UPLOAD_MAX_BYTES)
    except sealing.TooLarge:
        raise Refused("large") from None
    kept = [original.name]
    try:
        if client_sha256 and not hmac.compare_digest(original.sha256, client_sha256.lower()):
            raise Refused("changed")
        photograph = _look_at(original, file_name)
        copy = sealing.seal_bytes(photograph.display_copy, suffix="jpg")
        kept.append(copy.name)
        exhibit = _record(
            appointment=appointment,
            visit=visit,
            original=original,
            copy=copy,
            media_type=photograph.kind.media_type,
            file_name=file_name,
            description=description,
            client_sha256=client_sha256,
            idempotency_key=idempotency_key,
            at=at,
        )
    except BaseException:
        for name in kept:
            sealing.discard(name)
        raise
    if exhibit.file != original.name:  # it was there already: these bytes are not needed twice
        for name in kept:
            sealing.discard(name)
    return exhibit


def _look_at(original, file_name):
    try:
        return photographs.inspect(
            sealing.path_of(original.name), file_name=file_name, max_pixels=MOST_PIXELS
        )
    except photographs.NotAPhotograph as refusal:
        raise Refused(refusal.reason) from None


def _record(
    *,
    appointment,
    visit,
    original,
    copy,
    media_type,
    file_name,
    description,
    client_sha256,
    idempotency_key,
    at,
):
    contact = appointment.contact
    try:
        with transaction.atomic():
            # One number at a time for each incident.
            incident = Incident.objects.select_for_update().get(pk=appointment.incident_id)
            theirs = Exhibit.objects.filter(incident=incident, contact=contact)
            same = theirs.filter(sha256=original.sha256).first()
            if same:
                return same
            if Exhibit.objects.filter(appointment=appointment).count() >= MOST_EXHIBITS:
                raise Refused("many")
            initials = _initials(incident, contact)
            last = theirs.filter(initials=initials).aggregate(Max("number"))["number__max"]
            exhibit = Exhibit.objects.create(
                incident=incident,
                appointment=appointment,
                contact=contact,
                initials=initials,
                number=(last or 0) + 1,
                description=description,
                original_name=file_name[:255],
                media_type=media_type,
                size_bytes=original.size_bytes,
                sha256=original.sha256,
                client_sha256=client_sha256.lower(),
                file=original.name,
                copy_file=copy.name,
                idempotency_key=idempotency_key,
                received_at=at,
                visit=visit,
            )
            _continue(exhibit, Act.RECEIVED, original.sha256, by=visit, at=at)
            _continue(exhibit, Act.COPIED, copy.sha256, by=None, at=at)
            ledger.record(
                "exhibit.received",
                by=visit,
                about=exhibit,
                at=at,
                size_bytes=original.size_bytes,
                sha256=original.sha256,
                hashed_by_sender=bool(client_sha256),
            )
            exhibit_received.send(sender=Exhibit, exhibit=exhibit, at=at)
            rooms.notify(appointment, protocol.EXHIBITS)
            return exhibit
    except IntegrityError:
        # The same form was sent twice at the same moment, and the other was first.
        return Exhibit.objects.get(idempotency_key=idempotency_key, contact=contact)


@transaction.atomic
def open_copy(*, exhibit_id, by, at, reason=""):
    """Return the File to look at: re-encoded, without notes. The look is written down.

    ``by`` is a User or a Visit. Raises sealing.Damaged.
    """
    exhibit = Exhibit.objects.get(pk=exhibit_id)
    sha256 = exhibit.continuity.get(act=Act.COPIED).sha256
    content = sealing.read(exhibit.copy_file, sha256)
    _continue(exhibit, Act.VIEWED, sha256, by=by, at=at, reason=reason)
    ledger.record("exhibit.viewed", by=by, about=exhibit, at=at)
    return File(content, "image/jpeg", _file_name(exhibit, "jpg"))


@transaction.atomic
def export_original(*, exhibit_id, by, at, reason):
    """Return the File as it arrived, bit for bit, after checking its hash. Written down with why.

    Raises sealing.Damaged.
    """
    exhibit = Exhibit.objects.get(pk=exhibit_id)
    content = sealing.read(exhibit.file, exhibit.sha256)
    _continue(exhibit, Act.EXPORTED, exhibit.sha256, by=by, at=at, reason=reason)
    ledger.record("exhibit.exported", by=by, about=exhibit, at=at)
    suffix = next(
        kind.suffix for kind in photographs.KINDS if kind.media_type == exhibit.media_type
    )
    return File(content, exhibit.media_type, _file_name(exhibit, suffix))


def exhibits_of(appointment):
    """Return the exhibits sent in an appointment, in the order they arrived."""
    return appointment.exhibits.order_by("received_at", "id")


def continuity_of(exhibit):
    """Return what was done with an exhibit in order of time, each ContinuityEntry with ``who``."""
    entries = list(exhibit.continuity.all())
    staff = {
        ledger.actor(user): user.styled_name
        for user in get_user_model().objects.filter(
            pk__in=[entry.actor[5:] for entry in entries if entry.actor.startswith("user:")]
        )
    }
    for entry in entries:
        kind = entry.actor.partition(":")[0]
        plain = {"visit": "The person, from their phone", "system": "The system"}
        entry.who = staff.get(entry.actor) or plain.get(kind, entry.actor)
    return entries


def files_on_record():
    """Return every file that a row or the ledger names, as a mapping of name to SHA-256."""
    found = {}
    for exhibit in Exhibit.objects.all():
        found[exhibit.file] = exhibit.sha256
    copies = ContinuityEntry.objects.filter(act=Act.COPIED).select_related("exhibit")
    found |= {entry.exhibit.copy_file: entry.sha256 for entry in copies}
    # Texts that were shown for signing and then changed are named by the ledger alone.
    shown = Entry.objects.filter(type="statement.finalised")
    found |= {entry.detail["file"]: entry.detail["sha256"] for entry in shown}
    signed = StatementVersion.objects.exclude(signed_file="")
    return found | dict(signed.values_list("signed_file", "signed_sha256"))


def initials_of(name):
    """Return the initials of a name in capitals, at most four: "Siân Mair Price" gives "SMP"."""
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", unicodedata.normalize("NFC", name))
    return "".join(word[0] for word in words).upper()[:4] or "X"


def _initials(incident, contact):
    """The contact's initials in this incident: as used before, else ones that nobody else has."""
    used = dict(
        Exhibit.objects.filter(incident=incident).order_by().values_list("initials", "contact_id")
    )
    own = [initials for initials, owner in used.items() if owner == contact.pk]
    if own:
        return own[0]
    plain = initials_of(contact.name)
    further = (f"{plain}{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return next(each for each in (plain, *further) if each not in used)


def _continue(exhibit, act, sha256, *, by, at, reason=""):
    ContinuityEntry.objects.create(
        exhibit=exhibit, act=act, actor=ledger.actor(by), reason=reason, sha256=sha256, at=at
    )


def _file_name(exhibit, suffix):
    reference = re.sub(r"[^A-Z0-9]", "", exhibit.initials) or "X"
    return f"{reference}-{exhibit.number}-{exhibit.sha256[:8]}.{suffix}"
