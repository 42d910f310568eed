"""Whatever is typed, pasted or uploaded: no fault of ours, a message by the field, nothing lost.

Each row of FORMS is one address that takes what people write, with a posting that would be
right. Every field for words gets every nasty text; then the words are either kept in the
database, or the page comes back holding them as typed, with its message beside the field and
in the summary.
"""

import copy
import re
import struct
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from appointments import selectors
from appointments.forms import slot_value
from appointments.models import ChangeRequest, ContinuityEntry, Exhibit, Signature, StatementVersion
from messaging import staff_tasks
from messaging.models import InboundText, Message, Notification, StaffTask, Template
from portal.models import CaseEvent, Entitlement
from tests import factories
from tests.appointments import factories as diary
from tests.appointments import interview
from tests.portal import factories as portal
from tests.triage.conftest import YESTERDAY
from tests.triage.desk import factories as desk
from tests.triage.partners import factories as partners
from triage import policies
from triage.chat.models import Chat, ChatLine
from triage.desk.models import OnlineReport
from triage.models import Assessment, Incident, ReportDraft
from triage.partners.models import Referral, ReferralMove, StepTaken
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import Role
from victimcontact.people import links, visits
from victimcontact.people.models import Contact, ContactPlan, Link

pytestmark = pytest.mark.django_db

LONG = "Somebody hit me. " * 1_177  # 20,009 characters
NASTY = {
    "emoji": "Help 👩🏽‍🚒😀 please 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "arabic": "ضربني رجل أمس",
    "turned round": "left \u202eright\u202c left",
    "bengali": "গতকাল একজন লোক আমাকে মেরেছে",
    "unseen": "a\u200bb\u200dc\ufeffd\u00ad",
    "controls": "one\x01two\x07three\x1b[31m\x7f",
    "nul": "before\x00after",
    "20,000": LONG[:20_000],
    "20,001 and more": LONG + "x",
    "200,000": "x" * 200_000,
    "200,000 emoji": "😀" * 200_000,
    "spaces": "  \t \r\n  ",
    "script": "<script>alert(1)</script><b onclick='x'>&amp;\"",
    "end of field": "</textarea></form><!-- '\" >",
    "template": "{{ 7|add:7 }} {% now 'Y' %} %s %(x)s {when} {0.__class__}",
    "sql": "'; DROP TABLE triage_incident; --",
    "lines": "one\r\n\r\ntwo\nthree\rfour",
}
# Tried in the first field by itself too, so that a form that takes it does.
ALONE = ("bengali", "template", "unseen", "lines")
# What a field that is no prose may be sent.
ODD = ["", "\x00", "😀", "-1", "9" * 400, "²", "31/2/2026"]


class Page(HTMLParser):
    """The controls and messages of a page, as a browser would have them."""

    def __init__(self, response):
        super().__init__()
        self.values, self.described, self.texts = {}, {}, {}
        self.summary = ""
        self._open, self._area, self._ids = [], None, []
        if "text/html" in response.get("Content-Type", ""):
            self.feed(response.content.decode())
        self.summary = self.texts.get("error-summary", "")

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name = attrs.get("name")
        if tag == "input" and attrs.get("type") not in ("radio", "checkbox", "submit"):
            # Several forms may stand on one page: the one that was filled in counts.
            self.values[name] = attrs.get("value") or self.values.get(name, "")
        if tag == "textarea":
            self._area, self.values[name] = name, ""
        if name and "aria-describedby" in attrs:
            self.described[name] = attrs["aria-describedby"].split()
        if tag not in ("input", "br", "img", "meta", "link", "hr", "source", "track", "wbr"):
            self._ids.append(attrs.get("id"))
            if attrs.get("id"):
                self.texts[attrs["id"]] = ""

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = None
        if self._ids:
            self._ids.pop()

    def handle_data(self, data):
        if self._area is not None:
            self.values[self._area] += data
        for one in self._ids:
            if one:
                self.texts[one] += data

    def message_of(self, name):
        """What stands in the message that the control ``name`` points to."""
        said = [self.texts.get(one, "") for one in self.described.get(name, ()) if "_error" in one]
        return " ".join(" ".join(said).split()).replace("Error:", " Error:")


@dataclass
class Form:
    """One form as a person has it open. ``stored()`` is every text that it may have kept."""

    client: Client
    address: str
    right: dict
    texts: list
    stored: object
    others: list = field(default_factory=list)
    # Not given back by design: a secret must not be read by the next person at the screen.
    secret: tuple = ()


def staff(person):
    return factories.sign_in(Client(), person)


def of(*rows):
    """Every text in those rows, those within JSON too."""
    found, todo = [], [value for row in rows for value in vars(row).values()]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, (list, tuple)):
            todo += value
        else:
            found.append(str(value))
    return found


def all_of(*models):
    return lambda: of(*(row for model in models for row in model.objects.all()))


def new_report():
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("triage:new_report"),
        {
            "draft": str(uuid.uuid4()),
            "version": "0",
            "channel": "101",
            "about": "other",
            "narrative": YESTERDAY,
            "seen_grade": "1",
            "grade": "1",
            "action": "record",
        },
        [
            *("narrative", "caller_name", "caller_phone", "victim_name", "victim_phone"),
            *("victim_born", "victim_email", "victim_address", "victim_age", "caller_age"),
            *("interpreter", "needs", "location", "suspect", "safety_note", "reason"),
            *("happened_on", "happened_at", "previous_reports_12m", "rationale_threat"),
        ],
        all_of(Incident, Contact, Assessment, ReportDraft),
        ["draft", "version", "seen_grade", "grade", "channel", "about", "force_choice", "language"]
        + ["crime_type", "weapon", "injuries", "minutes_since_incident", "caller_contact", "give"],
    )


def score():
    form = new_report()
    form.address = reverse("triage:score", args=[form.right["draft"]])
    return form


def reassess():
    incident = factories.incident(grade=1, at=now())
    return Form(
        staff(factories.user(Role.TEAM_LEADER)),
        reverse("triage:reassess", args=[incident.pk]),
        {
            "narrative": YESTERDAY,
            "seen_grade": "1",
            "grade": "1",
            "after": "1",
            "action": "record",
        },
        ["narrative", "reason", "victim_age", "happened_on", "happened_at", "rationale_harm"],
        all_of(Assessment),
        ["seen_grade", "after", "grade", "injuries", "minutes_since_incident", "give"],
    )


def plan():
    incident = factories.incident(grade=3, at=now())
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("triage:plan", args=[incident.pk]),
        {
            "contact": "as_below",
            "phone": "07700 900 123",
            "sms": "safe",
            "phone_watched": "no",
            "when": "any",
            "wording": "neutral",
            "officer_name_safe": "no",
            "opening_word": "lantern",
            "help_word": "pineapple",
        },
        ["phone", "who_may_answer", "cover_story", "do_not_say", "help_word", "opening_word"]
        + ["from_0", "to_2"],
        all_of(ContactPlan, Contact),
        ["contact", "sms", "email", "phone_watched", "when", "wording", "days_0"],
    )


def choice():
    incident = factories.incident(grade=3, at=now())
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("triage:choice", args=[incident.pk]),
        {"chosen": "visit"},
        [],
        list,
        ["chosen"],
    )


def record():
    incident = factories.incident(grade=3, at=now())
    officer = factories.user(Role.OFFICER_IN_CHARGE)
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("triage:record", args=[incident.pk]),
        {"crime_type": "assault", "officer": str(officer.pk)},
        [],
        list,
        ["crime_type", "officer"],
    )


def booking():
    incident = diary.video_incident()
    diary.shift()
    slot = selectors.free_slots(diary.desk(), at=now())[0]
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("appointments:booking", args=[incident.pk]),
        {"slot": slot_value(slot), "key": str(uuid.uuid4())},
        [],
        list,
        ["slot", "key"],
    )


def move():
    form = booking()
    appointment = diary.appointment()
    form.address = reverse("appointments:move", args=[appointment.pk])
    return form


def cancel():
    appointment = diary.appointment()
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("appointments:cancel", args=[appointment.pk]),
        {"reason": "not safe"},
        [],
        list,
        ["reason"],
    )


def door():
    appointment = diary.appointment()
    visit = interview.visit_to(appointment)
    return Form(
        Client(),
        reverse("people:door", args=[visit.key]),
        {"word": "wrong"},
        ["word"],
        list,
        secret=("word",),
    )


def victims_page(**right):
    appointment, visit = interview.begun()
    return appointment, interview.as_victim(Client(), visit)


def change():
    appointment = diary.appointment()
    client = interview.as_victim(Client(), interview.visit_to(appointment))
    return Form(
        client,
        reverse("appointments:visit"),
        {"step": "change", "wish": "visit"},
        [],
        all_of(ChangeRequest),
        ["step", "wish"],
    )


def devices():
    form = change()
    form.right = {"step": "devices", "camera": "yes", "microphone": "no", "problem": "busy"}
    form.others = list(form.right)
    return form


def statement():
    appointment, _ = interview.begun()
    version = interview.drafted(appointment)
    return Form(
        staff(appointment.officer),
        reverse("appointments:statement_save", args=[appointment.pk]),
        {
            "statement-edits": str(version.edits),
            "statement-witness_name": "Arthur Bell",
            "statement-body": "A man pushed me.",
            "do": "finalise",
        },
        [f"statement-{name}" for name in ("witness_name", "occupation", "body", "age_if_under_18")],
        all_of(StatementVersion),
        ["statement-edits", "do"],
    )


def signing():
    appointment, visit = interview.begun()
    version = interview.finalised(appointment, witness_name="Arthur Bell")
    return Form(
        interview.as_victim(Client(), visit),
        reverse("appointments:statement_sign"),
        {"sign-shown": version.final_sha256, "sign-name": "Arthur Bell", "sign-agreed": "on"},
        ["sign-name"],
        all_of(Signature),
        ["sign-shown", "sign-agreed"],
    )


def seal():
    appointment, visit = interview.begun()
    version = interview.finalised(appointment, witness_name="Arthur Bell")
    interview.sign(version, visit)
    return Form(
        staff(appointment.officer),
        reverse("appointments:statement_seal", args=[appointment.pk]),
        {"seal-saw": "yes"},
        [],
        list,
        ["seal-saw", "seal-read_over"],
    )


def photo():
    appointment, visit = interview.begun()
    return Form(
        interview.as_victim(Client(), visit),
        reverse("appointments:exhibits_victim"),
        {
            "photo-key": str(uuid.uuid4()),
            "photo-sha256": "",
            "photo-description": "My left arm",
            "photo-photo": interview.photograph(),
        },
        ["photo-description"],
        lambda: of(*appointment.exhibits.all()),
        ["photo-key", "photo-sha256"],
    )


def export():
    appointment, visit = interview.begun()
    exhibit = interview.send(appointment, visit)
    return Form(
        staff(appointment.officer),
        reverse("appointments:exhibit", args=[appointment.pk, exhibit.pk]),
        {"export-reason": "Asked for by the laboratory"},
        ["export-reason"],
        all_of(ContinuityEntry),
    )


def portal_message():
    client = Client()
    portal.visit(client, portal.invited(at=now()))
    return Form(
        client,
        reverse("portal:home"),
        {"body": "Is there news?", "key": str(uuid.uuid4())},
        ["body"],
        all_of(Message),
        ["key", "step"],
    )


def a_case():
    case = portal.case(at=now())
    return case, staff(case.officer_in_charge)


def staff_message():
    case = portal.invited(at=now())
    client = staff(case.officer_in_charge)
    return Form(
        client,
        reverse("portal:message", args=[case.pk]),
        {"body": "We found him.", "key": str(uuid.uuid4())},
        ["body"],
        all_of(Message),
        ["key", "step", "last"],
    )


def update():
    case, client = a_case()
    day = (now() + timedelta(days=20)).strftime("%d/%m/%Y")
    return Form(
        client,
        reverse("portal:update", args=[case.pk]),
        {
            "key": str(uuid.uuid4()),
            "status": case.status,
            "said": "We spoke to the shop.",
            "next_update_on": day,
            "step": "publish",
        },
        ["said", "internal_note", "next_update_on"]
        + ["happened_on", "happened_time", "spoken_on", "spoken_time"],
        all_of(CaseEvent),
        ["key", "status", "happened", "is_spoken", "step"],
    )


def owed():
    case, client = a_case()
    entitlement = case.entitlements.first()
    return Form(
        client,
        reverse("portal:owed", args=[case.pk, entitlement.pk]),
        {"how": "phone", "note": "Rang."},
        ["note", "told_on", "told_time"],
        all_of(Entitlement, CaseEvent),
        ["how"],
    )


def needs():
    case, client = a_case()
    return Form(
        client,
        reverse("portal:needs", args=[case.pk]),
        {"reason": "vulnerable", "note": "Hard of hearing."},
        ["note"],
        lambda: of(*CaseEvent.objects.all(), case.__class__.objects.get(pk=case.pk)),
        ["reason"],
    )


def assign():
    case = portal.case(at=now())
    return Form(
        staff(factories.user(Role.SUPERVISOR)),
        reverse("portal:assign", args=[case.pk]),
        {"officer": str(factories.user(Role.OFFICER_IN_CHARGE).pk)},
        [],
        list,
        ["officer"],
    )


def invite():
    case, client = a_case()
    return Form(
        client,
        reverse("portal:invite", args=[case.pk]),
        {"has_asked": "on", "word": "lantern light"},
        ["word"],
        list,
        ["has_asked"],
        secret=("word",),  # kept as a hash
    )


def task_done():
    booked = diary.appointment()
    worker = factories.user(Role.CALL_HANDLER)
    task = staff_tasks.raise_task(
        "change_asked", force=booked.contact.force, about=booked, reason="Asked", at=now()
    )
    staff_tasks.take(task.pk, by=worker, at=now())
    return Form(
        staff(worker),
        reverse("messaging:done", args=[task.pk]),
        {f"{task.pk}-note": "Rang them."},
        [f"{task.pk}-note"],
        all_of(StaffTask),
    )


def handset():
    phone = portal.invited(at=now()).contact
    Notification.objects.update(provider_id="handset-1", sent_at=now())
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("messaging:handset_reply", args=[phone.pk]),
        {"body": "Yes"},
        ["body"],
        all_of(InboundText),
    )


def sign_in():
    return Form(
        Client(),
        reverse("accounts:sign_in"),
        {"username": "nobody", "password": "nothing", "next": "/triage/"},
        ["username", "password"],
        list,
        ["next"],
        secret=("password",),
    )


def code():
    person = factories.user(Role.CALL_HANDLER)
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return Form(
        client,
        reverse("accounts:sign_in_code"),
        {"code": "123456", "next": "/triage/"},
        ["code"],
        list,
        ["next"],
    )


def demo_sign_in():
    return Form(Client(), "/sign-in/demo/call_handler/", {"next": "/triage/"}, [], list, ["next"])


def admin(model, right, texts, stored, others=()):
    person = factories.user(Role.ADMINISTRATOR)
    address = reverse(f"admin:{model}_add")
    return Form(staff(person), address, right, texts, stored, list(others))


def admin_desk():
    return admin(
        "appointments_desk",
        {
            "force": str(factories.force().pk),
            "name": "Video desk",
            "slug": "video",
            "opens": "08:30",
            "closes": "21:30",
            "slot_minutes": "45",
            "buffer_minutes": "15",
            "takes_flags": "",
        },
        ["name", "slug", "opens", "closes", "slot_minutes", "buffer_minutes", "takes_flags"],
        all_of(diary.Desk),
        ["force"],
    )


def admin_shift():
    desk = diary.desk()
    officer = factories.user(Role.VIDEO_OFFICER)
    return admin(
        "appointments_shift",
        {
            "desk": str(desk.pk),
            "officer": str(officer.pk),
            "during_0_0": "2027-03-28",
            "during_0_1": "09:00",
            "during_1_0": "2027-03-28",
            "during_1_1": "17:00",
            "during_0": "2027-03-28 09:00",
            "during_1": "2027-03-28 17:00",
        },
        [],
        list,
        ["desk", "officer", "during_0", "during_1"],
    )


def admin_template():
    return admin(
        "messaging_template",
        {
            "force": str(factories.force().pk),
            "name": "appointment_booked",
            "channel": "sms",
            "language": "en-gb",
            "subject": "",
            "body": "Your time is {when}: {link}",
        },
        ["subject", "body"],
        all_of(Template),
        ["force", "name", "channel", "language"],
    )


def admin_user():
    return admin(
        "accounts_user",
        {
            "username": "casey",
            "usable_password": "true",
            "password1": factories.PASSWORD,
            "password2": factories.PASSWORD,
            "roles": "call_handler",
        },
        ["username", "first_name", "last_name", "rank", "collar_number"],
        all_of(User),
        ["roles", "usable_password", "password1"],
    )


def admin_policy():
    person = factories.user(Role.ADMINISTRATOR)
    draft = policies.draft_from(policies.ensure_shipped_policy(now()), by=person, at=now())
    return Form(
        staff(person),
        reverse("admin:triage_policy_change", args=[draft.pk]),
        {"name": "Trial"},
        ["name"],
        lambda: of(draft.__class__.objects.get(pk=draft.pk)),
    )


def refer():
    incident = factories.incident(grade=3)
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("partners:refer", args=[incident.pk]),
        {
            "agency": str(partners.agency().pk),
            "card": "cuckooing",
            "asked": "Please visit",
            "way": "telephone",
            "consent": "given",
            "key": str(uuid.uuid4()),
        },
        ["asked", "told_about_consent"],
        all_of(Referral),
        ["agency", "card", "way", "consent", "ground", "key"],
    )


def referral_move():
    made = partners.referral(at=now())
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("partners:move", args=[made.pk]),
        {"to": "answered", "seen": "made", "note": "They visit"},
        ["note"],
        all_of(ReferralMove),
        ["to", "seen"],
    )


def card_steps():
    incident = factories.incident(grade=3)
    return Form(
        staff(factories.user(Role.CALL_HANDLER)),
        reverse("partners:card", args=[incident.pk, "cuckooing"]),
        {"step-cuckooing-meet": "not", "why-cuckooing-meet": "He is there"},
        ["why-cuckooing-meet"],
        all_of(StepTaken),
        ["step-cuckooing-meet", "step-cuckooing-inside"],
    )


def admin_policy_part():
    person = factories.user(Role.ADMINISTRATOR)
    draft = policies.draft_from(policies.ensure_shipped_policy(now()), by=person, at=now())
    address = reverse("admin:triage_policy_part", args=[draft.pk, "floors"])
    return Form(
        staff(person),
        address,
        {"text": "[[floors]]\ngrade = 9", "before": "0"},
        ["text"],
        lambda: of(draft.__class__.objects.get(pk=draft.pk)),
    )


def online_page(step, right, texts, others=(), **answers):
    """A page of the online report whose other pages are answered."""
    written, key = desk.writing(**answers)
    client = Client()
    client.cookies["step"] = key
    return Form(
        client,
        reverse("desk:report"),
        {"step": step, "go": "on", **right},
        texts,
        lambda: of(*OnlineReport.objects.filter(pk=written.pk)),
        ["step", "go", *others],
    )


def online_what():
    return online_page("what", {"account": YESTERDAY}, ["account"])


def online_when():
    return online_page("when", {"happened": "300"}, ["day", "hour"], ["happened"])


def online_person():
    return online_page("person", {"now_at": "away"}, ["looks"], ["now_at"])


def online_contact():
    return online_page(
        "contact",
        {"wish": "ways", "ways": "sms", "number": "07700 900 123"},
        ["number", "email"],
        ["wish", "ways"],
    )


def online_times():
    answers = {"contact": {"wish": ["ways"], "ways": ["sms"], "number": ["07700 900123"]}}
    right = {"days": "1", "start": "9am", "end": "3pm"}
    return online_page("times", right, ["start", "end", "answers"], ["days"], **answers)


def online_you():
    return online_page("you", {"name": "Robin", "age": "34"}, ["name", "age"])


def online_check():
    return online_page("check", {"go": "send"}, [])


def chat():
    desk.open_chat()
    _, key = desk.chat()
    client = Client()
    client.cookies["talk"] = key
    return Form(
        client,
        reverse("chat:chat"),
        {"body": "He is back", "key": str(uuid.uuid4())},
        ["body"],
        all_of(ChatLine),
        ["key"],
    )


def chat_first():
    desk.open_chat()
    form = chat()
    form.client = Client()
    return form


def chat_answer():
    handler = factories.user(Role.CALL_HANDLER)
    talk, _ = desk.chat("What are your opening hours?", taken_by=handler)
    return Form(
        staff(handler),
        reverse("chat:answer", args=[talk.pk]),
        {"body": "Where are you?", "key": str(uuid.uuid4())},
        ["body"],
        all_of(ChatLine),
        ["key"],
    )


def chat_end():
    form = chat_answer()
    talk = Chat.objects.latest("started_at")
    form.address = reverse("chat:end", args=[talk.pk])
    form.right, form.texts, form.others = {"reason": "Asked for hours"}, ["reason"], []
    form.stored = all_of(Chat)
    return form


FORMS = {
    made.__name__: made
    for made in (
        *(new_report, score, reassess, plan, choice, record, booking, move, cancel, door, change),
        *(devices, statement, signing, seal, photo, export, portal_message, staff_message, update),
        *(owed, needs, assign, invite, task_done, handset, sign_in, code, demo_sign_in),
        *(admin_desk, admin_shift, admin_template, admin_user, admin_policy),
        admin_policy_part,
        *(refer, referral_move, card_steps),
        *(online_what, online_when, online_person, online_contact, online_times, online_you),
        *(online_check, chat, chat_first, chat_answer, chat_end),
    )
}
ADMIN = {name for name in FORMS if name.startswith("admin_")}
WITH_TEXTS = sorted(
    set(FORMS)
    - {"choice", "record", "booking", "move", "cancel", "change"}
    - {"online_check", "devices", "seal", "assign", "demo_sign_in", "admin_shift"}
)


@pytest.fixture(autouse=True)
def quick_and_tidy(settings, tmp_path, monkeypatch):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    monkeypatch.setattr(visits, "REFUSAL_SECONDS", 0)
    monkeypatch.setattr(visits, "WRONG_WORDS_PER_ADDRESS", 10_000)


def send(form, **changes):
    sent = form.right | changes
    if isinstance(sent.get("photo-photo"), bytes):
        sent["photo-photo"] = SimpleUploadedFile("IMG_1.jpg", sent["photo-photo"])
    form.client.raise_request_exception = False
    return form.client.post(form.address, sent)


def as_kept(text):
    """A text with what forms may drop taken out: only the words must not be lost."""
    return re.sub(r"\s+", " ", re.sub("[\x00\ufeff]", "", text)).strip()


@pytest.mark.parametrize("name", WITH_TEXTS)
def test_words_are_kept_or_come_back(name):
    """All fields at once, or a long text in the first alone: each is kept or stands there again."""
    lost, form = [], FORMS[name]()

    for kind, text in NASTY.items():
        alone = form.texts[:1]
        for fields in [alone] if len(text) > 1_000 else [form.texts, *([alone] * (kind in ALONE))]:
            fresh, cookies = transaction.savepoint(), copy.deepcopy(form.client.cookies)
            answer = send(form, **dict.fromkeys(fields, text))
            stored, page = [as_kept(kept) for kept in set(form.stored())], Page(answer)
            for one in set(fields) - set(form.secret):
                is_back = as_kept(page.values.get(one, "")) == as_kept(text)
                if not (is_back or any(as_kept(text) in kept for kept in stored)):
                    lost.append((kind, one, answer.status_code))
            assert answer.status_code < 500, (kind, fields)
            if answer.status_code != 422:  # it may have been taken: the form is as it was before
                transaction.savepoint_rollback(fresh)
                form.client.cookies = cookies

    assert lost == []


# Of the others, the door and the sign-in say one thing whatever is wrong, a draft is scored with
# its faults until it is recorded, and Django's own pages have Django's own tests.
@pytest.mark.parametrize("name", sorted(set(WITH_TEXTS) - {"score", "door"} - ADMIN))
def test_a_refusal_is_said_beside_the_field_and_in_the_summary(name):
    form = FORMS[name]()

    page = Page(send(form, **dict.fromkeys(form.texts, "x" * 200_000)))

    for one in form.texts:
        messages = [said.strip() for said in page.message_of(one).split("Error: ") if said.strip()]
        assert messages, one
        for message in messages:
            assert message in " ".join(page.summary.split()), (one, message)
            assert not message.startswith("Ensure this value"), one  # nobody's plain English


@pytest.mark.parametrize("name", sorted(FORMS))
def test_nothing_that_a_field_may_be_sent_is_a_fault_of_ours(name):
    form = FORMS[name]()
    faults = []

    fields = [[one] for one in dict.fromkeys([*form.right, *form.others]) if one not in form.texts]
    for together in [form.texts, *fields]:
        for odd in ODD:
            answer = send(form, **dict.fromkeys(together, odd))
            if answer.status_code >= 500 or (not answer.content and answer.status_code < 300):
                faults.append((together, odd[:20], answer.status_code))

    assert faults == []


@pytest.mark.parametrize("name", sorted(FORMS))
def test_an_empty_or_unreadable_posting_is_answered_by_a_page(name):
    form = FORMS[name]()
    form.client.raise_request_exception = False

    for body, kind in (
        (b"", "application/x-www-form-urlencoded"),
        (b"body=%ED%A0%80%FF%00&narrative=%FF", "application/x-www-form-urlencoded"),
        (b"a=b", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"a=b", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"a=b", "multipart/form-data"),
        (b"&a=1" * 1_500, "application/x-www-form-urlencoded"),
    ):
        answer = form.client.generic("POST", form.address, body, content_type=kind)

        assert answer.status_code < 500, (kind, body[:20])
        assert answer.content or answer.status_code in (204, 302, 303), (kind, body[:20])


def test_more_than_any_form_may_hold_is_refused_in_words(client):
    body = b"word=" + b"x" * (6 * 1024 * 1024)

    answer = client.post("/a/nothing", body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 413
    assert "This is too long" in answer.content.decode()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "\x00", "9" * 300])
@pytest.mark.parametrize("name", ["booking", "move"])
def test_a_day_without_bounds_shows_the_next_free_times(name, day):
    form = FORMS[name]()
    form.client.raise_request_exception = False

    answer = form.client.get(form.address, {"day": day})

    assert answer.status_code == 200
    assert b"Next free times" in answer.content or b"Choosing a time moves it" in answer.content


# Photographs


def photographs():
    """(name of the file, bytes, words of the refusal or None where it is kept)."""
    jpeg = interview.photograph()
    huge = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)),
            _chunk(b"IDAT", zlib.compress(b"\x00" * 1_000)),
            _chunk(b"IEND", b""),
        )
    )
    return {
        "nothing": ("IMG_1.jpg", b"", "This file is empty"),
        "too large": ("IMG_1.jpg", jpeg + b"\x00" * (26 * 1024 * 1024), "is larger than 25 MB"),
        "named otherwise": ("evidence.exe", jpeg, "does not end like a photo"),
        "a page": ("IMG_1.jpg", b"<html><script>alert(1)</script>", "not a photo we can take"),
        "a page within": ("a.jpg", jpeg[:-2] + b"<script>" + jpeg[-2:], "holds more than a photo"),
        "cut off": ("IMG_1.jpg", interview.photograph(size=(900, 900))[:4_000], "damaged"),
        "too many pixels": ("IMG_1.png", huge, "too big for us to open"),
        "only its beginning": ("IMG_1.jpg", b"\xff\xd8\xff", "damaged"),
        "long name": ("../" * 100 + "x" * 300 + ".jpg", jpeg, None),
        "odd name": ("ছবি \u202egpj.😀\x00<b>.jpg", interview.photograph("blue"), None),
    }


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("kind", photographs())
def test_a_photograph_is_kept_or_refused_in_words_beside_it(kind):
    name, content, refusal = photographs()[kind]
    form = photo()

    answer = send(
        form,
        **{"photo-description": "বাম হাত", "photo-photo": SimpleUploadedFile(name, content)},
    )

    page = Page(answer)
    if refusal is None:
        assert answer.status_code == 303
        assert "/" not in Exhibit.objects.get().original_name
        return
    assert answer.status_code in (413, 422)
    assert refusal in page.message_of("photo-photo")
    assert refusal in page.summary
    assert page.values["photo-description"] == "বাম হাত"
    assert Exhibit.objects.count() == 0


def test_one_form_sent_twice_keeps_one_photograph_and_says_one_message():
    sending, writing = photo(), portal_message()

    for form in (sending, sending, writing, writing):
        assert send(form).status_code in (302, 303)

    assert (Exhibit.objects.count(), Message.objects.count()) == (1, 1)


# Telephone numbers, days and times


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("07700 900 123", "+447700900123"),
        ("+44 (0)7700-900123", "+447700900123"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+880 1712 345678", "+8801712345678"),
        ("٠٧٧٠٠ ٩٠٠ ١٢٣", "+447700900123"),
        ("999", None),
        ("07700 900", None),
        ("+999 12345678", None),
        ("ring my mum", None),
        ("07700 900123; 07700 900124", None),
        ("😀", None),
    ],
)
def test_a_telephone_number_is_kept_whole_or_refused_beside_it(typed, kept):
    form = plan()

    answer = send(form, phone=typed)

    if kept:
        assert answer.status_code == 302
        assert Contact.objects.get().phone == kept
    else:
        page = Page(answer)
        assert "Enter a phone number" in page.message_of("phone")
        assert "Enter a phone number" in page.summary
        assert page.values["phone"] == typed


@pytest.mark.parametrize(
    ("name", "day", "time"),
    [
        ("update", "happened_on", "happened_time"),
        ("owed", "told_on", "told_time"),
        ("new_report", "happened_on", "happened_at"),
        ("reassess", "happened_on", "happened_at"),
    ],
)
@pytest.mark.parametrize(
    ("typed_day", "typed_time", "wrong"),
    [
        ("29/3/2026", "1:30", "time"),  # the clocks went forward over it
        ("31/2/2026", "12:00", "day"),
        ("29/2/2025", "12:00", "day"),
        ("0/0/0000", "12:00", "day"),
        ("31/12/9999", "12:00", "day"),
        ("tomorrow", "12:00", "day"),
        ("1/3/2026", "25:00", "time"),
        ("1/3/2026", "noonish", "time"),
        ("", "12:00", "day"),
    ],
)
def test_a_moment_that_never_was_is_refused_beside_its_field(
    name, day, time, typed_day, typed_time, wrong
):
    form = FORMS[name]()
    extra = {"happened": "arrest"} if name == "update" else {}

    page = Page(send(form, **{day: typed_day, time: typed_time}, **extra))

    at = {"day": day, "time": time}[wrong]
    assert page.message_of(at), page.summary
    assert (page.values[day], page.values[time]) == (typed_day, typed_time)


# Links


def test_links_that_are_over_revoked_or_never_were_answer_alike():
    booked = diary.appointment()
    at, answers, tokens = now(), set(), ["never-was", "\u202e😀", "x" * 200]
    for expires_in in (timedelta(hours=1), timedelta(hours=2), timedelta(seconds=-1)):
        _, token = links.issue(
            contact=booked.contact,
            purpose="appointment",
            about_id=booked.pk,
            expires_at=at + expires_in,
            by=None,
            at=at - timedelta(hours=3),
        )
        tokens.append(token)
    links.revoke(Link.objects.order_by("expires_at").last(), by=None, at=at, reason="test")

    for token in tokens:
        address = reverse("people:door", args=[token])
        for answer in (Client().get(address), Client().post(address, {"word": "wrong"})):
            text = re.sub(r'value="[^"]*"', "", answer.content.decode())
            answers.add((answer.request["REQUEST_METHOD"], answer.status_code, text))

    assert len(answers) == 2  # one for a look, one for a wrong word
