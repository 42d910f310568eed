"""Exhibits: bytes are kept as they came, and every look is written down."""

import hashlib
import stat
import uuid
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from appointments import evidence, sealing
from appointments.models import ContinuityEntry, Exhibit
from appointments.signals import exhibit_received
from tests.appointments import interview
from tests.appointments.test_photographs import with_place
from tests.at_once import at_once, broken
from victimcontact.audit import ledger
from victimcontact.audit.models import Entry
from victimcontact.lib.hashing import sha256_hex

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def evidence_root(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    return settings.EVIDENCE_ROOT


@pytest.fixture
def call():
    return interview.begun()


def kept_files():
    return sorted(path for path in sealing.root().glob("*/*") if path.is_file())


def test_receive_keeps_the_original_bit_for_bit(call):
    appointment, visit = call
    original = interview.photograph(exif=with_place(), comment=b"from home")

    exhibit = interview.send(appointment, visit, original, client_sha256=sha256_hex(original))

    path = sealing.path_of(exhibit.file)
    assert path.read_bytes() == original
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert exhibit.sha256 == hashlib.sha256(original).hexdigest() == exhibit.client_sha256
    assert (exhibit.reference, exhibit.size_bytes) == ("AB/1", len(original))
    assert (exhibit.media_type, exhibit.description) == ("image/jpeg", "My left arm")
    copy = sealing.path_of(exhibit.copy_file).read_bytes()
    assert [each for each in (b"Phonemaker", b"from home", b"Exif") if each in copy] == []
    assert [(e.act, e.actor) for e in exhibit.continuity.all()] == [
        ("received", ledger.actor(visit)),
        ("copied", "system"),
    ]
    assert Entry.objects.get(type="exhibit.received").detail["hashed_by_sender"] is True


def test_receive_tells_the_floors_above(call):
    heard = []

    def hear(exhibit, at, **_):
        heard.append(exhibit.reference)

    exhibit_received.connect(hear)
    try:
        interview.send(*call)
    finally:
        exhibit_received.disconnect(hear)

    assert heard == ["AB/1"]


def test_receive_the_same_key_twice_keeps_one(call):
    key = uuid.uuid4()

    first = interview.send(*call, idempotency_key=key)
    again = interview.send(*call, idempotency_key=key)

    assert first.pk == again.pk
    assert len(kept_files()) == 2  # original and copy


def test_receive_the_same_photo_again_keeps_one(call):
    first = interview.send(*call)
    again = interview.send(*call)

    assert first.pk == again.pk
    assert len(kept_files()) == 2


def test_receive_numbers_run_for_each_person_in_each_incident(call):
    appointment, visit = call
    other, other_visit = interview.begun(name="Siân Mair Price-Jones")

    references = [
        interview.send(appointment, visit, interview.photograph(colour)).reference
        for colour in ("red", "green", "blue")
    ]

    assert references == ["AB/1", "AB/2", "AB/3"]
    assert interview.send(other, other_visit).reference == "SMPJ/1"


def test_receive_parts_two_people_with_the_same_initials(call):
    appointment, visit = call
    interview.send(appointment, visit)
    wife, wife_visit = interview.begun(name="Ada Bell")
    wife.incident = appointment.incident
    wife.status = "ended"
    wife.save(update_fields=["incident", "status"])

    first = interview.send(wife, wife_visit, interview.photograph("blue"))
    second = interview.send(wife, wife_visit, interview.photograph("green"))

    assert [first.reference, second.reference] == ["ABA/1", "ABA/2"]


def test_initials_of_a_changed_name_stay(call):
    appointment, visit = call
    interview.send(appointment, visit)
    appointment.contact.name = "Arthur Crane"
    appointment.contact.save()

    assert interview.send(appointment, visit, interview.photograph("blue")).reference == "AB/2"


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Arthur Bell", "AB"),
        ("  arthur   james bell ", "AJB"),
        ("Dr. Mary-Anne O’Neill", "DMAO"),
        ("Łucja Žižek", "ŁŽ"),
        ("", "X"),
        ("4711", "X"),
        ("A B C D E F G", "ABCD"),
    ],
)
def test_initials_of(name, initials):
    assert evidence.initials_of(name) == initials


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("IMG.jpg", b"", "empty"),
        ("IMG.jpg", b"<html><script>alert(1)</script></html>", "kind"),
        ("IMG.jpg", b"GIF89a" + b"\0" * 50, "kind"),
        ("IMG.html", interview.photograph(), "renamed"),
        ("IMG.jpg", interview.photograph() + b"<script>alert(1)</script>", "mixed"),
        ("IMG.jpg", interview.photograph()[:200], "damaged"),
        ("IMG.jpg", interview.photograph(size=(9000, 8000)), "pixels"),
    ],
)
def test_receive_refuses_and_keeps_nothing(call, name, content, reason):
    with pytest.raises(evidence.Refused) as refused:
        interview.send(*call, content, file_name=name)

    assert refused.value.reason == reason
    assert kept_files() == []
    assert not Exhibit.objects.exists()
    assert not ContinuityEntry.objects.exists()


def test_receive_counts_bytes_to_the_limit(call, settings):
    content = interview.photograph()
    settings.UPLOAD_MAX_BYTES = len(content) - 1

    with pytest.raises(evidence.Refused, match="large"):
        interview.send(*call, content)
    assert kept_files() == []

    settings.UPLOAD_MAX_BYTES = len(content)
    assert interview.send(*call, content).size_bytes == len(content)


def test_receive_refuses_bytes_that_changed_on_the_way(call):
    with pytest.raises(evidence.Refused, match="changed"):
        interview.send(*call, client_sha256="0" * 64)

    assert kept_files() == []


def test_receive_stops_at_the_most_an_appointment_takes(call, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_EXHIBITS", 2)
    for colour in ("red", "green"):
        interview.send(*call, interview.photograph(colour))

    with pytest.raises(evidence.Refused, match="many"):
        interview.send(*call, interview.photograph("blue"))

    assert len(kept_files()) == 4


def test_receive_refuses_whoever_was_not_let_in(call):
    appointment, _ = call

    for other in (interview.visit_to(appointment), interview.begun(name="Other")[1]):
        with pytest.raises(evidence.NotAdmitted):
            interview.send(appointment, other)

    assert kept_files() == []


def test_receive_leaves_no_file_when_the_row_fails(call, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError("lost")

    monkeypatch.setattr(ledger, "record", fail)

    with pytest.raises(DatabaseError):
        interview.send(*call)

    assert kept_files() == []
    assert not Exhibit.objects.exists()


def test_open_copy_and_export_are_written_down(call):
    appointment, visit = call
    original = interview.photograph(exif=with_place())
    exhibit = interview.send(appointment, visit, original)
    officer = appointment.officer

    copy = evidence.open_copy(exhibit_id=exhibit.pk, by=officer, at=now())
    export = evidence.export_original(
        exhibit_id=exhibit.pk, by=officer, at=now(), reason="for the lab"
    )

    assert copy.content != original == export.content
    assert (copy.media_type, export.media_type) == ("image/jpeg", "image/jpeg")
    assert export.name == f"AB-1-{exhibit.sha256[:8]}.jpg"
    acts = [(e.act, e.actor, e.reason) for e in exhibit.continuity.all()][2:]
    assert acts == [
        ("viewed", ledger.actor(officer), ""),
        ("exported", ledger.actor(officer), "for the lab"),
    ]
    assert [e.who for e in evidence.continuity_of(exhibit)] == [
        "The person, from their phone",
        "The system",
        officer.styled_name,
        officer.styled_name,
    ]


def test_export_refuses_a_changed_file_and_records_nothing(call):
    exhibit = interview.send(*call)
    path = sealing.path_of(exhibit.file)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"x")

    with pytest.raises(sealing.Damaged):
        evidence.export_original(exhibit_id=exhibit.pk, by=None, at=now(), reason="lab")

    assert not exhibit.continuity.filter(act="exported").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "update appointments_exhibit set sha256 = repeat('0', 64)",
        "delete from appointments_exhibit",
        "truncate appointments_exhibit cascade",
        "update appointments_continuityentry set actor = 'system'",
        "delete from appointments_continuityentry",
    ],
)
def test_exhibit_refuses_the_application(call, sql):
    interview.send(*call)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert Exhibit.objects.count() == 1
    assert ContinuityEntry.objects.count() == 2


def test_files_on_record_names_every_file(call):
    appointment, visit = call
    interview.send(appointment, visit)
    interview.sealed(appointment, visit)

    names = set(evidence.files_on_record())

    assert names == {f"{path.parent.name}/{path.name}" for path in kept_files()}


@pytest.mark.django_db(transaction=True)
def test_receive_in_parallel_numbers_each_photo_once():
    appointment, visit = interview.begun()
    colours = ["red", "green", "blue", "black", "white", "grey"]

    def send(colour):
        return interview.send(appointment, visit, interview.photograph(colour))

    found = at_once(*(partial(send, colour) for colour in colours * 2))

    assert broken(found) == []
    assert {one.reference for one in found} == {f"AB/{number}" for number in range(1, 7)}
    assert len(kept_files()) == 12
