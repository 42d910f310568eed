"""Rows for tests: plain functions, no surprises. Each makes what it is called and what that needs.

They write rows straight, past the services: a test of a service builds its own world with them.
Every keyword not named in a signature is a field of the row.
"""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from django.conf import settings
from django_otp import DEVICE_ID_SESSION_KEY

from triage import thrive
from triage.models import Assessment, Crime, Incident, Offer, Participant, Policy, Review
from triage.thrive.policy import SHIPPED
from victimcontact.accounts import sessions
from victimcontact.accounts.models import Force, TOTPDevice, User
from victimcontact.accounts.roles import Role
from victimcontact.lib import references
from victimcontact.people.models import Contact, ContactPlan

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)  # a Tuesday, 1pm in London
PASSWORD = "correct horse battery staple"

_numbers = count(1)


def force(slug="northmoor", **fields):
    """The force of that slug, made once: most tests need only the one."""
    fields = {"name": slug.title(), "reference_prefix": slug[:2].upper(), **fields}
    found, _ = Force.objects.get_or_create(slug=slug, defaults=fields)
    return found


def user(role=None, *, at_force=None, username=None, **fields):
    """A member of staff holding ``role`` (one, several in a list, or None for a stranger)."""
    number = next(_numbers)
    roles = [] if role is None else [role] if isinstance(role, str) else list(role)
    fields = {
        "first_name": "Sam",
        "last_name": f"Example{number}",
        "rank": "PC",
        "collar_number": str(4000 + number),
        **fields,
    }
    person = User(
        username=username or f"{roles[0] if roles else 'stranger'}{number}", roles=roles, **fields
    )
    person.set_unusable_password()
    person.save()
    if roles or at_force:
        person.forces.add(at_force or force())
    return person


def sign_in(client, person):
    """Sign ``person`` in on a Django test client with both factors; returns the client."""
    device, _ = TOTPDevice.objects.get_or_create(
        user=person, name="test", defaults={"seed": "00" * 20, "confirmed": True}
    )
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    sessions.begin(session)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def contact(at_force=None, **fields):
    """A person with a telephone number of the drama range, each time another."""
    fields = {
        "name": "Robin Example",
        "phone": f"+447700900{next(_numbers) % 1000:03d}",
        "created_at": NOON,
        **fields,
    }
    return Contact.objects.create(force=at_force or force(), **fields)


def plan(of=None, *, at=NOON, word="", **fields):
    """A contact plan in force: texts are safe at any hour. ``word`` becomes the opening word."""
    fields = {
        "safe": ContactPlan.Safe.AS_BELOW,
        "channels": {"sms": "safe"},
        "confirmed_at": at,
        "expires_at": at + timedelta(days=30),
        **fields,
    }
    made = ContactPlan.objects.create(contact=of or contact(), **fields)
    if word:
        from victimcontact.people import words

        words.set_opening_word(made, word)
    return made


@cache
def shipped():
    return json.dumps(tomllib.loads(SHIPPED.read_text()))


def policy(**fields):
    """The shipped THRIVE policy, published; the same row each time."""
    published = Policy.objects.filter(status=Policy.Status.PUBLISHED).first()
    if published:
        return published
    fields = {
        "version": 1,
        "name": "Shipped",
        "data": json.loads(shipped()),
        "created_at": NOON,
        "published_at": NOON,
        **fields,
    }
    return Policy.objects.create(status=Policy.Status.PUBLISHED, **fields)


def incident(at_force=None, *, victim=None, grade=None, at=NOON, **fields):
    """An open incident whose victim is ``victim`` or a new contact.

    With a ``grade`` it also has its first assessment, its clocks and its review.
    """
    at_force = at_force or (victim.force if victim else force())
    fields = {
        "reference": references.new(at_force.reference_prefix),
        "channel": "101",
        "narrative": "Somebody hit me outside the shop yesterday. He has gone.",
        "location": "12 Example Street, Northmoor",
        "reported_at": at,
        **fields,
    }
    made = Incident.objects.create(force=at_force, **fields)
    Participant.objects.create(
        incident=made, role=Participant.Role.VICTIM, contact=victim or contact(at_force)
    )
    if grade is not None:
        assessment(made, grade=grade, at=at)
    return made


def assessment(of=None, *, grade=3, at=NOON, **fields):
    """The next assessment of an incident, with the clocks and the review that follow from it."""
    of = of or incident()
    before = of.current_assessment
    fields = {
        "number": before.number + 1 if before else 1,
        "supersedes": before,
        "narrative": of.narrative,
        "findings": {},
        "elements": dict.fromkeys(thrive.ELEMENTS, 1),
        "policy": policy(),
        "recommended_grade": grade,
        "decided_grade": grade,
        "has_reason": False,
        "video_offer": grade == 3,
        "decided_at": at,
        **fields,
    }
    made = Assessment.objects.create(incident=of, **fields)
    Review.objects.filter(incident=of, done_at=None).update(done_at=at, done_by_assessment=made)
    of.grade = made.decided_grade
    of.due_at = at + timedelta(minutes=of.force.target_minutes(of.grade))
    of.review_due_at = at + timedelta(minutes=of.force.review_after_minutes)
    of.save(update_fields=["grade", "due_at", "review_due_at"])
    Review.objects.create(incident=of, due_at=of.review_due_at, because="clock")
    return made


def offer(of=None, *, chosen="video", at=NOON, **fields):
    """The choice, read out and answered. Video is among the options when it is chosen."""
    of = of or incident(grade=3)
    fields = {
        "assessment": of.current_assessment or assessment(of),
        "options": (["video"] if chosen == "video" else []) + ["visit", "station"],
        "words_version": "1",
        "video_eligible": chosen == "video",
        "chosen": chosen,
        "chosen_at": at,
        **fields,
    }
    made = Offer.objects.create(incident=of, **fields)
    of.response = chosen
    of.save(update_fields=["response"])
    return made


def crime(of=None, *, officer=None, at=NOON, **fields):
    """A recorded crime with an officer in charge."""
    of = of or incident(grade=3)
    officer = officer or user(Role.OFFICER_IN_CHARGE, at_force=of.force)
    number = next(_numbers)
    fields = {
        "reference": f"{of.force.reference_prefix}/{number:05d}/{at.year % 100:02d}",
        "year": at.year,
        "number": number,
        "crime_type": "assault",
        "recorded_at": at,
        "recorded_by": officer,
        **fields,
    }
    return Crime.objects.create(incident=of, force=of.force, officer_in_charge=officer, **fields)
