"""There is one way out, and the contact plan stands at it, whatever was true when it was queued."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from messaging import asking, outbox, sending
from messaging.models import SOCIAL, Account, Notification, StaffTask
from messaging.transports import Accepted
from tests import factories
from victimcontact.people.models import ContactPlan

APPS = ("messaging", "triage", "appointments", "portal", "victimcontact")
CARRIERS = {f"messaging.transports.{name}" for name in ("twilio", "email", "handset")}
# What could carry words out of the house by itself.
OUTWARD = {"smtplib", "django.core.mail", "twilio", "requests", "httpx", "aiohttp"}
OUTWARD |= {"urllib.request", "http.client", "socket", "urllib3", "ftplib"}


def modules():
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            name = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
            yield name.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree):
    """Full names of all that a module imports, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_only_sending_knows_what_carries_words_out():
    known = {name for name, tree in modules() if CARRIERS & set(imported(tree))}

    assert known == {"messaging.sending"}


def test_nothing_else_of_the_house_could_carry_them():
    others = {
        (name, part)
        for name, tree in modules()
        if not name.startswith("messaging.transports.")
        for each in imported(tree)
        for part in OUTWARD
        if each == part or each.startswith(f"{part}.")
    }

    assert others == {
        ("messaging.webhooks", "twilio"),  # judges signatures
        (
            "triage.api.outside",
            "http.client",
        ),  # news to other systems, which hold no person's address
        ("triage.api.outside", "socket"),
        ("victimcontact.engines", "socket"),  # starts the database here
        ("victimcontact.run", "http.client"),  # asks the processes that it started
        ("victimcontact.run", "socket"),
    }


def test_rows_to_send_are_written_in_two_places():
    writers = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func)
        in {"Notification", "Notification.objects.create", "Notification.objects.bulk_create"}
    }

    assert writers == {"messaging.outbox", "messaging.writing"}


# Whatever the plan is by then

DAYS = list(range(7))
PLANS = st.none() | st.fixed_dictionaries(
    {
        "safe": st.sampled_from(ContactPlan.Safe.values),
        "channels": st.dictionaries(
            st.sampled_from(["sms", "email", "whatsapp", "messenger"]),
            st.sampled_from(["safe", "unsafe"]),
        ),
        "open": st.sampled_from([None, True, False]),
        "wording": st.sampled_from(ContactPlan.Wording.values),
        "phone_watched": st.booleans(),
        "is_over": st.booleans(),
    }
)


def put(person, drawn, now):
    """Put a drawn plan in force, or take every plan away."""
    ContactPlan.objects.filter(contact=person, replaced_at=None).update(replaced_at=now)
    if drawn is None:
        return
    values = dict(drawn)
    today = timezone.localtime(now).weekday()
    near = {(today + each) % 7 for each in (-1, 0, 1)}
    is_open, is_over = values.pop("open"), values.pop("is_over")
    days = DAYS if is_open else sorted(set(DAYS) - near)
    windows = [] if is_open is None else [{"days": days, "from": "00:00", "to": "24:00"}]
    ends = now + timedelta(days=-1 if is_over else 20)
    factories.plan(person, at=now, windows=windows, expires_at=ends, **values)


def may_leave(drawn, channel, names_police):
    """What a careful person would say, without the code's own rules."""
    return bool(
        drawn
        and drawn["safe"] == "as_below"
        and not drawn["is_over"]
        and drawn["channels"].get(channel) == "safe"
        and not (drawn["phone_watched"] and channel != "email")
        and drawn["open"] in (None, True)
        and not (names_police and (drawn["wording"] != "named" or drawn["phone_watched"]))
    )


@pytest.mark.django_db
@runs(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(
    queued_under=PLANS,
    sent_under=PLANS,
    channel=st.sampled_from(["sms", "email", "whatsapp", "messenger"]),
    names_police=st.booleans(),
    is_released=st.booleans(),
)
def test_nothing_leaves_that_the_plan_of_that_moment_does_not_allow(
    monkeypatch, queued_under, sent_under, channel, names_police, is_released
):
    journal, now = [], timezone.now()

    def carry(parcel, way):
        journal.append(parcel)
        return Accepted(provider_id=f"handset-{parcel.id}", status="delivered")

    monkeypatch.setattr(sending.handset, "send", carry)
    monkeypatch.setattr(sending, "transport_for", lambda channel: sending.handset)
    monkeypatch.setattr(outbox, "wake", lambda: None)
    Notification.objects.all().update(status="dropped")
    person = factories.contact(email="robin@example.org")
    put(person, queued_under, now)
    if channel in SOCIAL:
        account = Account.objects.create(
            channel=channel,
            address=f"{channel}:{person.phone}",
            written_to=str(person.pk),
            contact=person,
            first_heard_at=now,
            last_heard_at=now,
        )
        queued = outbox.answer(
            "Can you talk?", to=person, account=account, about=person, at=now, by=None
        )
    else:
        queued = outbox.queue(
            "portal_message",
            to=person,
            about=person,
            context={"link": "L"},
            at=now,
            channel=channel,
        )
    by = queued.channel
    if names_police:
        Notification.objects.filter(pk=queued.pk).update(body="The police have news for you")
        queued.refresh_from_db()

    put(person, sent_under, now)
    if is_released:
        outbox.release(queued.pk, by=None, at=now)
    while sending.send_next():
        pass

    queued.refresh_from_db()
    assert len(journal) <= 1
    if journal:
        assert may_leave(sent_under, by, names_police)
    elif may_leave(sent_under, by, names_police):
        # It was held when it was queued, and nobody has let it go.
        assert (queued.status, is_released) == ("held", False)
    if queued.status == "held":
        task = StaffTask.objects.filter(notification=queued).first()
        assert task.reason == asking.HELD_REASONS[queued.held_reason]
