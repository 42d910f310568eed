"""Statements: a signature belongs to exact bytes."""

import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now
from pypdf import PdfReader

from appointments import documents, sealing, statements
from appointments.models import ContinuityEntry, Signature, Statement, StatementVersion
from appointments.signals import statement_signed
from tests import factories
from tests.appointments import interview
from tests.at_once import at_once, broken
from victimcontact.accounts.roles import Role
from victimcontact.audit import ledger
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def evidence_root(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def call():
    return interview.begun()


def pages_of(content):
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(BytesIO(content)).pages]


def ledger_types():
    return [e.type for e in Entry.objects.filter(type__startswith="statement.").order_by("id")]


# Drafting


def test_start_takes_the_name_and_starts_once(call):
    appointment, _ = call

    first = statements.start(appointment_id=appointment.pk, by=appointment.officer, at=now())
    again = statements.start(appointment_id=appointment.pk, by=appointment.officer, at=now())

    assert (first.pk, first.number, first.status) == (again.pk, 1, "draft")
    assert (first.witness_name, first.age_if_under_18) == ("Arthur Bell", None)
    assert Statement.objects.count() == 1


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("2010-05-06", date(2026, 5, 5), 15),
        ("2010-05-05", date(2026, 5, 5), 16),
        ("2008-05-06", date(2026, 5, 5), 17),
        ("2008-05-05", date(2026, 5, 5), None),
        ("1942-01-01", date(2026, 5, 5), None),
        ("", date(2026, 5, 5), None),
    ],
)
def test_age_is_given_exactly_under_18(call, born, day, age):
    contact = call[0].contact
    contact.date_of_birth = born

    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    assert statements.age_if_under_18(contact, at) == age


def test_age_changes_at_midnight_in_london_not_in_utc(call):
    contact = call[0].contact
    contact.date_of_birth = "2008-05-06"

    before = datetime(2026, 5, 5, 22, 59, tzinfo=UTC)

    assert statements.age_if_under_18(contact, before) == 17
    assert statements.age_if_under_18(contact, before + timedelta(minutes=1)) is None


def test_save_draft_from_a_second_tab_loses_neither(call):
    appointment, _ = call
    version = interview.drafted(appointment, body="From the first tab.")

    with pytest.raises(statements.Behind) as behind:
        statements.save_draft(
            version_id=version.pk,
            edits=version.edits - 1,
            by=appointment.officer,
            at=now(),
            body="From the second tab.",
        )

    assert behind.value.version.body == "From the first tab."
    version.refresh_from_db()
    assert version.body == "From the first tab."


def test_save_draft_of_the_same_words_counts_once(call):
    appointment, _ = call
    version = interview.drafted(appointment, body="One.")

    again = statements.save_draft(
        version_id=version.pk, edits=0, by=appointment.officer, at=now(), body="One."
    )

    assert again.edits == version.edits == 1


def test_draft_and_signature_are_unreadable_in_the_database(call):
    appointment, visit = call
    version = interview.finalised(appointment, body="He said he would be back.")
    interview.sign(version, visit)

    with connection.cursor() as cursor:
        cursor.execute(
            "select string_agg(v::text, '') || (select string_agg(s::text, '')"
            " from appointments_signature s) from appointments_statementversion v"
        )
        row = cursor.fetchone()[0]

    hidden = [b"He said he would be back.".hex(), b"Arthur Bell".hex(), b"192.0.2.7".hex()]
    assert [each for each in ("He said", "Arthur", "192.0.2.7", *hidden) if each in row] == []


# Finalising


def test_finalise_freezes_text_pages_and_file(call):
    appointment, _ = call

    version = interview.finalised(appointment, body="I saw it. " * 900)

    pages = pages_of(sealing.read(version.final_file, version.final_sha256))
    assert (version.status, version.page_count) == ("final", len(pages))
    assert len(pages) > 2
    assert f"(consisting of {len(pages)} page(s) each signed by me)" in pages[0]
    assert statements.declared(version) in " ".join(pages)
    assert ledger_types() == ["statement.started", "statement.finalised"]


def test_finalise_twice_makes_one_file(call):
    appointment, _ = call
    version = interview.finalised(appointment)

    again = statements.finalise(
        version_id=version.pk, edits=version.edits, by=appointment.officer, at=now()
    )

    assert again.final_sha256 == version.final_sha256
    assert ledger_types().count("statement.finalised") == 1


def test_finalise_refuses_what_another_tab_has_not_seen(call):
    appointment, _ = call
    version = interview.drafted(appointment)

    with pytest.raises(statements.Behind):
        statements.finalise(
            version_id=version.pk, edits=version.edits - 1, by=appointment.officer, at=now()
        )

    version.refresh_from_db()
    assert version.status == "draft"


def test_finalise_takes_twenty_thousand_characters(call):
    appointment, _ = call
    body = ("I heard him shout my name twice. " * 700)[:20_000]

    version = interview.finalised(appointment, body=body)

    text = " ".join(pages_of(sealing.read(version.final_file, version.final_sha256)))
    assert text.count("shout") == body.count("shout")


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"body": "  \n "}, {"body": [("blank", None)]}),
        ({"witness_name": ""}, {"witness_name": [("blank", None)]}),
        ({"witness_name": "W" * 101}, {"witness_name": [("too_long", 100)]}),
        ({"body": "He wrote 中."}, {"body": [("characters", ["中"])]}),
        ({"occupation": "\u202enrut"}, {"occupation": [("characters", ["\u202e"])]}),
    ],
)
def test_finalise_names_what_is_missing(call, changes, problems):
    appointment, _ = call

    with pytest.raises(statements.Incomplete) as incomplete:
        interview.finalised(appointment, **changes)

    assert incomplete.value.problems == problems


def test_finalise_asks_for_the_age_of_a_person_under_18():
    born = now().date().replace(day=1) - timedelta(days=16 * 365)
    appointment, _ = interview.begun(date_of_birth=born.isoformat())
    version = interview.drafted(appointment)
    assert version.age_if_under_18 in (15, 16)

    with pytest.raises(statements.Incomplete) as incomplete:
        interview.finalised(appointment, age_if_under_18=None)

    assert list(incomplete.value.problems) == ["age_if_under_18"]


def test_finalise_accepts_emoji_and_prints_them(call):
    appointment, _ = call

    version = interview.finalised(appointment, body="He sent me 🔪 and 😀.")

    assert "🔪 and 😀" in " ".join(pages_of(sealing.read(version.final_file, version.final_sha256)))


def test_final_words_cannot_be_saved_over(call):
    appointment, _ = call
    version = interview.finalised(appointment)

    with pytest.raises(statements.NotDraft):
        statements.save_draft(
            version_id=version.pk,
            edits=version.edits,
            by=appointment.officer,
            at=now(),
            body="Other words.",
        )


def test_reopen_gives_a_draft_with_the_next_number_and_keeps_the_paper_shown(call):
    appointment, _ = call
    shown = interview.finalised(appointment, body="He wore a red cap.")

    draft = statements.reopen(version_id=shown.pk, by=appointment.officer, at=now())

    assert (draft.number, draft.status, draft.final_sha256) == (2, "draft", "")
    assert draft.body == "He wore a red cap."
    assert sealing.read(shown.final_file, shown.final_sha256)
    entry = Entry.objects.get(type="statement.finalised")
    assert (entry.detail["file"], entry.detail["number"]) == (shown.final_file, 1)


# Signing


def test_sign_then_seal_puts_the_signature_on_every_page(call):
    appointment, visit = call
    version = interview.finalised(appointment, body="I saw it. " * 900)

    signature = interview.sign(version, visit, name="Arthur  J Bell ")
    sealed = interview.seal(version)

    content = sealing.read(sealed.signed_file, sealed.signed_sha256)
    pages = pages_of(content)
    witness = f"Signature witnessed by: {appointment.officer.styled_name}, by live video"
    assert (sealed.status, sealed.page_count) == ("signed", len(pages))
    assert all("Signature: Arthur J Bell" in page and witness in page for page in pages)
    assert "Not signed" not in " ".join(pages)
    assert signature.signed_sha256 == version.final_sha256 != sealed.signed_sha256
    assert [(s.party, s.typed_name) for s in sealed.signatures.order_by("id")] == [
        ("witness", "Arthur J Bell"),
        ("officer", appointment.officer.styled_name),
    ]
    assert ledger_types() == [
        "statement.started",
        "statement.finalised",
        "statement.signed",
        "statement.sealed",
    ]


def test_seal_without_having_seen_says_so(call):
    appointment, visit = call
    version = interview.finalised(appointment)
    interview.sign(version, visit)

    sealed = interview.seal(version, has_seen=False)

    [page] = pages_of(sealing.read(sealed.signed_file, sealed.signed_sha256))
    assert "Signature witnessed by: nobody saw it signed" in page
    assert [s.party for s in sealed.signatures.all()] == ["witness"]


def test_seal_tells_the_floors_above_once(call):
    appointment, visit = call
    heard = []

    def hear(version, at, **_):
        heard.append(version.pk)

    statement_signed.connect(hear)
    try:
        version = interview.sealed(appointment, visit)
        again = interview.seal(version)
    finally:
        statement_signed.disconnect(hear)

    assert heard == [version.pk]
    assert again.signed_sha256 == version.signed_sha256


@pytest.mark.parametrize(
    ("name", "has_agreed", "missing"),
    [
        ("", True, "name"),
        (" \n\t ", True, "name"),
        ("\ufeff", True, "name"),
        ("A" * 101, True, "length"),
        ("Arthur Bell", False, "agreement"),
    ],
)
def test_sign_needs_a_name_and_a_deliberate_tick(call, name, has_agreed, missing):
    appointment, visit = call
    version = interview.finalised(appointment)

    with pytest.raises(statements.NotAgreed) as refused:
        interview.sign(version, visit, name=name, has_agreed=has_agreed)

    assert refused.value.missing == missing
    assert not Signature.objects.exists()


def test_sign_refuses_a_name_that_cannot_be_printed(call):
    appointment, visit = call
    version = interview.finalised(appointment)

    with pytest.raises(documents.UnprintableCharacters):
        interview.sign(version, visit, name="王伟")

    assert not Signature.objects.exists()


def test_sign_refuses_other_words_than_those_shown(call):
    appointment, visit = call
    shown = interview.finalised(appointment, body="First words.")
    draft = statements.reopen(version_id=shown.pk, by=appointment.officer, at=now())

    with pytest.raises(statements.NotThisText):
        interview.sign(draft, visit, shown=shown.final_sha256)
    interview.finalised(appointment, body="Second words.")
    with pytest.raises(statements.NotThisText):
        interview.sign(draft, visit, shown=shown.final_sha256)

    assert not Signature.objects.exists()


def test_sign_refuses_a_draft(call):
    appointment, visit = call
    draft = interview.drafted(appointment)

    with pytest.raises(statements.NotFinal):
        interview.sign(draft, visit, shown="")


def test_sign_refuses_whoever_was_not_let_in(call):
    appointment, visit = call
    version = interview.finalised(appointment)
    stranger = interview.begun(name="Somebody Else")[1]
    reopened = interview.visit_to(appointment)

    for other in (stranger, reopened):
        with pytest.raises(statements.NotAdmitted):
            interview.sign(version, other)

    assert not Signature.objects.exists()
    assert interview.sign(version, visit)


def test_signed_words_cannot_be_reopened(call):
    appointment, visit = call
    version = interview.finalised(appointment)
    interview.sign(version, visit)

    with pytest.raises(statements.AlreadySigned):
        statements.reopen(version_id=version.pk, by=appointment.officer, at=now())


def test_seal_refuses_before_the_signature(call):
    version = interview.finalised(call[0])

    with pytest.raises(statements.NotSigned):
        interview.seal(version)

    assert not Signature.objects.exists()


def test_photo_sent_while_the_person_reads_does_not_stop_the_seal(call):
    appointment, visit = call
    version = interview.finalised(appointment, body="I produce a photograph as exhibit AB/1.")
    interview.send(appointment, visit)
    interview.sign(version, visit)

    sealed = interview.seal(version)

    assert sealed.status == "signed"


def test_seal_refuses_words_changed_behind_the_services(call):
    appointment, visit = call
    version = interview.finalised(appointment, body="He pushed me.")
    interview.sign(version, visit)
    changed = StatementVersion.objects.get(pk=version.pk)
    changed.body = "He hit me."
    changed.save(update_fields=["body"])

    with pytest.raises(statements.NotThisText):
        interview.seal(version)

    assert StatementVersion.objects.get().status == "final"


def test_seal_of_a_statement_read_over_needs_its_reader(call):
    appointment, visit = call
    reader = appointment.officer
    version = interview.finalised(appointment, reader_name=reader.styled_name)
    interview.sign(version, visit)
    other = factories.user(Role.VIDEO_OFFICER)

    with pytest.raises(statements.NotTheReader):
        interview.seal(version, has_read_over=False)
    with pytest.raises(statements.NotTheReader):
        interview.seal(version, by=other, has_read_over=True)
    sealed = interview.seal(version, has_read_over=True)

    text = " ".join(pages_of(sealing.read(sealed.signed_file, sealed.signed_sha256)))
    assert f"I, {reader.styled_name}, read the whole of it to them" in text
    assert f"Signature: {reader.styled_name} Date:" in text
    assert {s.party for s in sealed.signatures.all()} == {"witness", "reader", "officer"}


@pytest.mark.parametrize(
    "sql",
    [
        "update appointments_statementversion set number = 9",
        "update appointments_statementversion set signed_sha256 = repeat('0', 64)",
        "update appointments_statementversion set status = 'draft'",
        "delete from appointments_statementversion",
        "truncate appointments_statementversion cascade",
        "update appointments_signature set method = 'forged'",
        "delete from appointments_signature",
        "truncate appointments_signature",
        "update appointments_continuityentry set reason = 'other'",
        "delete from appointments_continuityentry",
        "alter table appointments_statementversion disable trigger all",
    ],
)
def test_signed_statement_refuses_the_application(call, sql):
    appointment, visit = call
    version = interview.sealed(appointment, visit)
    statements.open_file(version_id=version.pk, by=visit, at=now())
    before = StatementVersion.objects.values().get()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert StatementVersion.objects.values().get() == before
    assert Signature.objects.count() == 2


def test_unsigned_statement_may_be_changed_by_the_application(call):
    """Without this the test above would pass on a table that nobody can write to."""
    interview.finalised(call[0])

    with connection.cursor() as cursor:
        cursor.execute("update appointments_statementversion set number = 9")
        assert cursor.rowcount == 1


def test_correct_makes_a_new_unsigned_version_and_leaves_the_sealed_one(call):
    appointment, visit = call
    signed = interview.sealed(appointment, visit, body="He wore a red cap.")

    draft = statements.correct(version_id=signed.pk, by=appointment.officer, at=now())
    again = statements.correct(version_id=signed.pk, by=appointment.officer, at=now())

    assert (draft.pk, draft.number, draft.status) == (again.pk, signed.number + 1, "draft")
    assert draft.body == "He wore a red cap."
    assert statements.find_sealed(signed.signed_sha256).pk == signed.pk
    final = interview.finalised(appointment, body="He wore a blue cap.")
    interview.sign(final, visit)
    interview.seal(final)
    assert [v.number for v in statements.signed_versions(appointment)] == [2, 1]


# Looking


def test_open_file_gives_the_paper_and_writes_down_who_looked(call):
    appointment, visit = call
    version = interview.finalised(appointment)
    unsigned, unsigned_hash = statements.open_file(version_id=version.pk, by=visit, at=now())
    interview.sign(version, visit)
    sealed = interview.seal(version)

    signed, signed_hash = statements.open_file(
        version_id=version.pk, by=appointment.officer, at=now(), reason="charging"
    )

    assert (unsigned_hash, signed_hash) == (version.final_sha256, sealed.signed_sha256)
    assert unsigned != signed
    assert [(e.actor, e.reason, e.sha256) for e in ContinuityEntry.objects.all()] == [
        (ledger.actor(visit), "", unsigned_hash),
        (ledger.actor(appointment.officer), "charging", signed_hash),
    ]


def test_open_file_refuses_a_draft_and_a_damaged_file(call):
    appointment, visit = call
    draft = interview.drafted(appointment)
    with pytest.raises(statements.NotFinal):
        statements.open_file(version_id=draft.pk, by=visit, at=now())
    version = interview.sealed(appointment, visit)
    path = sealing.path_of(version.signed_file)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(sealing.Damaged):
        statements.open_file(version_id=version.pk, by=visit, at=now())

    assert not ContinuityEntry.objects.exists()


def test_exhibit_named_in_the_statement_is_listed_word_for_word(call):
    appointment, visit = call
    interview.send(appointment, visit, description="My left arm on 6 May")
    interview.send(appointment, visit, interview.photograph("blue"), description="The door")

    version = interview.finalised(appointment, body="I produce a photograph as exhibit AB/1.")

    text = " ".join(pages_of(sealing.read(version.final_file, version.final_sha256)))
    assert "AB/1: My left arm on 6 May" in text
    assert "The door" not in text


# Together


@pytest.mark.django_db(transaction=True)
def test_sign_in_parallel_signs_once():
    appointment, visit = interview.begun()
    version = interview.finalised(appointment)

    found = at_once(*[lambda: interview.sign(version, visit).pk] * 8)

    assert broken(found) == []
    assert len(set(found)) == Signature.objects.count() == 1
    assert ledger_types().count("statement.signed") == 1


@pytest.mark.django_db(transaction=True)
def test_seal_in_parallel_seals_once():
    appointment, visit = interview.begun()
    version = interview.finalised(appointment)
    interview.sign(version, visit)

    found = at_once(*[lambda: interview.seal(version).signed_sha256] * 6)

    assert broken(found) == []
    assert len(set(found)) == 1
    assert ledger_types().count("statement.sealed") == 1
    assert len(list(sealing.root().glob("??/*.pdf"))) == 2  # as shown, and signed


@pytest.mark.django_db(transaction=True)
def test_sign_against_reopen_leaves_no_signature_on_other_words():
    appointment, visit = interview.begun()
    version = interview.finalised(appointment)

    def reopen():
        return statements.reopen(version_id=version.pk, by=appointment.officer, at=now())

    at_once(lambda: interview.sign(version, visit), reopen)

    version.refresh_from_db()
    signed = Signature.objects.filter(version=version).exists()
    assert (version.status, signed) in {("final", True), ("draft", False)}
