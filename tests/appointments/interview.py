"""An interview under way: an officer, a person let in from their phone, and photographs to send."""

import secrets
import uuid
from datetime import timedelta
from io import BytesIO

from django.conf import settings
from django.utils.timezone import now
from PIL import Image

from appointments import evidence, statements
from tests.appointments import factories as diary
from victimcontact.lib.hashing import keyed_hash
from victimcontact.people.models import Link, Visit


def visit_to(appointment):
    """A live opening of a link to the appointment. ``key`` is its cookie."""
    link = Link.objects.create(
        contact=appointment.contact,
        purpose=Link.Purpose.APPOINTMENT,
        about_id=appointment.pk,
        token_hash=secrets.token_hex(32),
        issued_at=now(),
        expires_at=now() + timedelta(hours=48),
    )
    key = secrets.token_urlsafe(32)
    visit = Visit.objects.create(
        link=link,
        key_hash=keyed_hash("visit", key),
        opened_at=now(),
        last_seen_at=now(),
        ends_at=now() + timedelta(hours=1),
    )
    visit.key = key
    return visit


def begun(*, name="Arthur Bell", **contact):
    """An appointment in the call, its victim let in: returns (appointment, visit)."""
    appointment = diary.appointment(status="in_call", admitted_at=now())
    person = appointment.contact
    person.name = name
    for field, value in contact.items():
        setattr(person, field, value)
    person.save()
    visit = visit_to(appointment)
    appointment.admitted_visit = visit
    appointment.save(update_fields=["admitted_visit"])
    return appointment, visit


def drafted(appointment, *, body="A man pushed me.", **changes):
    """A draft with words in it."""
    version = statements.start(appointment_id=appointment.pk, by=appointment.officer, at=now())
    return statements.save_draft(
        version_id=version.pk,
        edits=version.edits,
        by=appointment.officer,
        at=now(),
        body=body,
        **changes,
    )


def finalised(appointment, **changes):
    """A version that waits for a signature."""
    version = drafted(appointment, **changes)
    return statements.finalise(
        version_id=version.pk, edits=version.edits, by=appointment.officer, at=now()
    )


def sign(version, visit, *, name="Arthur Bell", has_agreed=True, shown=None):
    return statements.sign(
        version_id=version.pk,
        shown_sha256=version.final_sha256 if shown is None else shown,
        typed_name=name,
        has_agreed=has_agreed,
        visit=visit,
        device={"address": "192.0.2.7", "browser": "Phone"},
        at=now(),
    )


def seal(version, *, by=None, has_seen=True, has_read_over=False):
    return statements.seal(
        version_id=version.pk,
        has_seen=has_seen,
        has_read_over=has_read_over,
        by=by or version.statement.appointment.officer,
        at=now(),
    )


def sealed(appointment, visit, **changes):
    """A signed and sealed version."""
    version = finalised(appointment, **changes)
    sign(version, visit)
    return seal(version)


def photograph(colour="red", size=(320, 240), kind="JPEG", **options):
    content = BytesIO()
    Image.new("RGB", size, colour).save(content, kind, **options)
    return content.getvalue()


def send(appointment, visit, content=None, **more):
    """Send a photograph through the service."""
    content = photograph() if content is None else content
    more = {
        "file_name": "IMG_1.jpg",
        "description": "My left arm",
        "client_sha256": "",
        "idempotency_key": uuid.uuid4(),
        "at": now(),
        **more,
    }
    return evidence.receive(appointment_id=appointment.pk, visit=visit, chunks=[content], **more)


def as_victim(client, visit):
    """A test client that carries the visit's cookie."""
    client.cookies[settings.VISIT_COOKIE_NAME] = visit.key
    return client
