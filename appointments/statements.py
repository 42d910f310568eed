"""Statements: an officer drafts, the witness reads and signs, the officer witnesses and seals.

Draft, then final (frozen, unsigned, as the witness reads it), then signed (sealed). A version goes
back from final to draft while nobody has signed it; after that only a new version can differ.
Source: Criminal Procedure Rules 2020, r.16.2; Criminal Justice Act 1967, s.9.
"""

import json
from dataclasses import replace
from datetime import date

from django.db import transaction
from django.db.models import F

from appointments import companions, declaration, documents, protocol, rooms, sealing
from appointments.models import (
    Appointment,
    ContinuityEntry,
    Presence,
    Signature,
    Statement,
    StatementVersion,
)
from appointments.signals import statement_signed
from victimcontact.audit import ledger
from victimcontact.audit.models import Entry
from victimcontact.lib.hashing import keyed_hash
from victimcontact.lib.local_time import local, say_time
from victimcontact.people.models import Link

Status = StatementVersion.Status
Party = Signature.Party

FIELDS = ("witness_name", "age_if_under_18", "occupation", "body", "visually_recorded")
BODY_LENGTH = 50_000
LANGUAGES = {"en-gb": "en", "cy": "cy"}


class NotDraft(Exception):
    """The version is final or signed: its words stand."""


class Behind(Exception):
    """The draft was saved elsewhere since this page read it; ``version`` is as it is now."""

    def __init__(self, version):
        super().__init__("saved elsewhere since")
        self.version = version


class Incomplete(Exception):
    """The draft may not be finalised yet; ``problems`` maps a field to its Problems."""

    def __init__(self, problems):
        super().__init__(", ".join(sorted(problems)))
        self.problems = problems


class NotFinal(Exception):
    """The version is not one that waits for a signature."""


class NotThisText(Exception):
    """What was on the person's screen is not, or no longer, the text that waits for a signature."""


class NotAdmitted(Exception):
    """This opening of the link is not the one that the officer saw and let in."""


class NotAgreed(Exception):
    """A signature needs the name and the deliberate tick; ``missing`` names what is not there."""

    def __init__(self, missing):
        super().__init__(missing)
        self.missing = missing


class NotSigned(Exception):
    """The person has not signed yet."""


class NotTheReader(Exception):
    """Only the officer who read the statement over can sign for having done so."""


class AlreadySigned(Exception):
    """The person has signed: the version can only be sealed."""


@transaction.atomic
def start(*, appointment_id, by, at):
    """Return the version being worked on for an appointment, making a first draft if there is none.

    The name comes from the Contact, and the age when the date of birth says under 18 today.
    """
    appointment = Appointment.objects.select_for_update(of=("self",)).get(pk=appointment_id)
    statement, is_new = Statement.objects.get_or_create(
        appointment=appointment,
        contact=appointment.contact,
        defaults={"incident": appointment.incident, "taken_by": by, "created_at": at},
    )
    if not is_new:
        return statement.current
    contact = appointment.contact
    version = StatementVersion.objects.create(
        statement=statement,
        number=1,
        witness_name=contact.name,
        age_if_under_18=age_if_under_18(contact, at),
        language=contact.language,
        saved_at=at,
    )
    ledger.record("statement.started", by=by, about=version, at=at)
    return version


@transaction.atomic
def save_draft(*, version_id, edits, by, at, **changes):
    """Save what was typed and return the version.

    ``edits`` is the counter that the page had; ``changes`` any of FIELDS and ``reader_name``.
    Saving the same words twice counts once. Raises Behind when the words on file differ and the
    counter has moved on, NotDraft.
    """
    version = _locked(version_id)
    if version.status != Status.DRAFT:
        raise NotDraft
    changes = {name: changes[name] for name in (*FIELDS, "reader_name") if name in changes}
    if all(getattr(version, name) == value for name, value in changes.items()):
        return version
    if version.edits != edits:
        raise Behind(version)
    for name, value in changes.items():
        setattr(version, name, value)
    version.edits += 1
    version.saved_at = at
    version.save(update_fields=[*changes, "edits", "saved_at"])
    return version


def problems(version):
    """Return what stands against finalising: field to a list of (code, detail) pairs.

    Codes: blank, age_missing, too_long, characters (detail: those that cannot be printed).
    """
    found = {}
    for name in ("witness_name", "body"):
        if not getattr(version, name).strip():
            found.setdefault(name, []).append(("blank", None))
    if len(version.witness_name) > documents.NAME_LENGTH:
        found.setdefault("witness_name", []).append(("too_long", documents.NAME_LENGTH))
    for name in ("witness_name", "occupation", "body"):
        characters = documents.check_characters(getattr(version, name))
        if characters:
            found.setdefault(name, []).append(("characters", characters))
    known = age_if_under_18(version.statement.contact, version.saved_at)
    if known is not None and version.age_if_under_18 is None:
        found.setdefault("age_if_under_18", []).append(("age_missing", known))
    return found


@transaction.atomic
def finalise(*, version_id, edits, by, at):
    """Freeze a draft and make the PDF that the person reads, unsigned. Returns the version.

    Asked twice, returns it unchanged. Writes the page count into the declaration, the file into
    EVIDENCE_ROOT and an entry into the ledger. Raises Behind, Incomplete, NotDraft.
    """
    version = _locked(version_id)
    if version.status == Status.FINAL and version.edits == edits:
        return version
    if version.status != Status.DRAFT:
        raise NotDraft
    if version.edits != edits:
        raise Behind(version)
    found = problems(version)
    if found:
        raise Incomplete(found)

    version.finalised_at = at
    version.declaration_version = str(declaration.in_use(local(at).date()).version)
    paper = _paper(version)
    printed = documents.render(paper)
    sealed = sealing.seal_bytes(printed.pdf, suffix="pdf")
    version.status = Status.FINAL
    version.page_count = printed.pages
    version.final_file, version.final_sha256 = sealed.name, sealed.sha256
    version.save()
    ledger.record(
        "statement.finalised",
        by=by,
        about=version,
        at=at,
        number=version.number,
        pages=printed.pages,
        file=sealed.name,
        sha256=sealed.sha256,
        words=_fingerprint(paper),
    )
    _tell(version)
    return version


@transaction.atomic
def reopen(*, version_id, by, at):
    """Turn a final version back into a draft, because something in it is not right yet.

    The text that was shown keeps its file and its number in the ledger; the draft takes the next
    number. Asked of a draft, returns it unchanged. Raises AlreadySigned.
    """
    version = _locked(version_id)
    if version.status == Status.DRAFT:
        return version
    if version.status == Status.SIGNED or _signature(version, Party.WITNESS):
        raise AlreadySigned
    ledger.record("statement.reopened", by=by, about=version, at=at, number=version.number)
    version.status = Status.DRAFT
    version.number = F("number") + 1
    version.edits += 1
    version.saved_at = at
    version.finalised_at = version.page_count = None
    version.declaration_version = version.final_file = version.final_sha256 = ""
    version.save()
    version.refresh_from_db()
    _tell(version)
    return version


@transaction.atomic
def sign(*, version_id, shown_sha256, typed_name, has_agreed, visit, device, at):
    """Take the witness's signature on the text they were shown. Returns the Signature.

    ``shown_sha256`` is the hash of the final PDF on their screen, ``device`` a dict with their
    address and browser. Signing the same text again returns the first signature. Raises
    NotAdmitted, NotThisText, NotFinal, NotAgreed, documents.UnprintableCharacters.
    """
    # Lock before looking: two taps, or two tabs, sign once.
    version = _locked(version_id)
    statement = version.statement
    if not is_admitted(statement.appointment, visit):
        raise NotAdmitted
    if shown_sha256 != version.final_sha256:
        raise NotThisText
    signature = _signature(version, Party.WITNESS)
    if signature:
        return signature
    if version.status != Status.FINAL:
        raise NotFinal
    name = " ".join(documents.tidy(typed_name).split())
    if not name:
        raise NotAgreed("name")
    if len(name) > documents.NAME_LENGTH:
        raise NotAgreed("length")
    if not has_agreed:
        raise NotAgreed("agreement")
    characters = documents.check_characters(name)
    if characters:
        raise documents.UnprintableCharacters(characters)

    signature = Signature.objects.create(
        version=version,
        party=Party.WITNESS,
        typed_name=name,
        signed_sha256=version.final_sha256,
        visit=visit,
        officer=_officer_in_the_room(statement),
        device=device,
        signed_at=at,
    )
    ledger.record(
        "statement.signed",
        by=visit,
        about=version,
        at=at,
        number=version.number,
        sha256=version.final_sha256,
    )
    _tell(version)
    return signature


@transaction.atomic
def seal(*, version_id, has_seen, has_read_over, by, at):
    """Add the officer's name as witness, print the signed PDF and seal it. Returns the version.

    ``has_seen``: the officer saw the person sign, by live video; otherwise the paper says that
    nobody witnessed it. ``has_read_over``: the officer read it to a person who cannot read. Asked
    twice, returns it unchanged. Sends ``statement_signed``. Raises NotSigned, NotTheReader,
    NotThisText when the words on file are not the ones that were signed.
    """
    version = _locked(version_id)
    if version.status == Status.SIGNED:
        return version
    witness = _signature(version, Party.WITNESS)
    if version.status != Status.FINAL or not witness:
        raise NotSigned
    if witness.signed_sha256 != version.final_sha256:
        raise NotThisText
    # The words that were frozen, the words on file and the paper on disk are one.
    paper = _paper(version)
    if _fingerprint(paper) != _frozen_fingerprint(version):
        raise NotThisText
    sealing.read(version.final_file, version.final_sha256)

    parties = []
    if version.reader_name:
        if not has_read_over or by.styled_name != version.reader_name:
            raise NotTheReader
        parties.append(Party.READER)
        paper = replace(paper, reader=documents.Reader(version.reader_name, at))
    if has_seen:
        parties.append(Party.OFFICER)
    for party in parties:
        Signature.objects.create(
            version=version,
            party=party,
            typed_name=by.styled_name,
            method="signed in",
            signed_sha256=version.final_sha256,
            officer=by,
            signed_at=at,
        )
    printed = documents.render(
        replace(
            paper,
            made_at=at,
            signature=documents.Signature(
                name=witness.typed_name,
                signed_at=witness.signed_at,
                witness=f"{by.styled_name}, by live video" if has_seen else "",
            ),
        )
    )
    if printed.pages != version.page_count:
        raise documents.PaperError("The signature changed the number of pages")
    sealed = sealing.seal_bytes(printed.pdf, suffix="pdf")
    version.status = Status.SIGNED
    version.signed_file, version.signed_sha256 = sealed.name, sealed.sha256
    version.save(update_fields=["status", "signed_file", "signed_sha256"])
    ledger.record(
        "statement.sealed",
        by=by,
        about=version,
        at=at,
        number=version.number,
        pages=printed.pages,
        sha256=sealed.sha256,
        witnessed=has_seen,
    )
    statement_signed.send(sender=StatementVersion, version=version, by=by, at=at)
    _tell(version)
    return version


@transaction.atomic
def correct(*, version_id, by, at):
    """Begin a new, unsigned version with the words of a signed one. Returns the draft.

    Where a draft is already there, returns that. Raises NotSigned.
    """
    signed = _locked(version_id)
    if signed.status != Status.SIGNED:
        raise NotSigned
    statement = Statement.objects.select_for_update().get(pk=signed.statement_id)
    current = statement.current
    if current.status != Status.SIGNED:
        return current
    version = StatementVersion.objects.create(
        statement=statement,
        number=current.number + 1,
        reader_name=signed.reader_name,
        language=signed.language,
        saved_at=at,
        **{name: getattr(signed, name) for name in FIELDS},
    )
    ledger.record(
        "statement.corrected",
        by=by,
        about=version,
        at=at,
        number=version.number,
        after=signed.number,
    )
    _tell(version)
    return version


@transaction.atomic
def open_file(*, version_id, by, at, reason=""):
    """Return (bytes, hash) of a version's PDF: the signed one, else the one shown for signing.

    The look is written into the continuity log and the ledger, or nothing is returned. ``by`` is
    a User or a Visit. Raises NotFinal, sealing.Damaged.
    """
    version = StatementVersion.objects.get(pk=version_id)
    if version.status == Status.DRAFT:
        raise NotFinal
    name = version.signed_file or version.final_file
    sha256 = version.signed_sha256 or version.final_sha256
    content = sealing.read(name, sha256)
    ContinuityEntry.objects.create(
        statement_version=version,
        act=ContinuityEntry.Act.VIEWED,
        actor=ledger.actor(by),
        reason=reason,
        sha256=sha256,
        at=at,
    )
    ledger.record("statement.viewed", by=by, about=version, at=at, sha256=sha256)
    return content, sha256


def find_sealed(sha256):
    """Return the signed version whose sealed PDF has this hash, or None."""
    return StatementVersion.objects.filter(signed_sha256=sha256, status=Status.SIGNED).first()


def current_version(appointment):
    """Return the latest version of the appointment's statement, or None."""
    return (
        StatementVersion.objects.filter(
            statement__appointment=appointment, statement__contact=appointment.contact_id
        )
        .select_related("statement__appointment", "statement__contact")
        .order_by("-number")
        .first()
    )


def signed_versions(appointment):
    """Return the sealed versions of the appointment's statement, newest first."""
    return StatementVersion.objects.filter(
        statement__appointment=appointment,
        statement__contact=appointment.contact_id,
        status=Status.SIGNED,
    ).order_by("-number")


def witness_signature(version):
    """Return the witness's Signature on a version, or None."""
    return _signature(version, Party.WITNESS)


def age_if_under_18(contact, at):
    """Return the contact's age in years on the local day of ``at`` if under 18, else None.

    Source: Criminal Procedure Rules 2020, r.16.2(a).
    """
    if not contact.date_of_birth:
        return None
    born, today = date.fromisoformat(contact.date_of_birth), local(at).date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years if years < 18 else None


def is_admitted(appointment, visit):
    """Whether ``visit`` is the one that the officer saw and let in, by this appointment's link.

    Somebody else may hold the link and know the word; nothing is shown before the officer looked.
    """
    return (
        appointment.admitted_visit_id == visit.pk
        and visit.link.purpose == Link.Purpose.APPOINTMENT
        and visit.link.about_id == appointment.pk
        and visit.link.contact_id == appointment.contact_id
    )


def declared(version):
    """Return the declaration of a final or signed version, as the witness reads it."""
    return _declaration(version).for_witness(version.page_count)


def _declaration(version):
    return declaration.all_versions()[int(version.declaration_version)]


def _locked(version_id):
    return (
        StatementVersion.objects.select_for_update(of=("self",))
        .select_related("statement__appointment", "statement__contact")
        .get(pk=version_id)
    )


def _signature(version, party):
    return version.signatures.filter(party=party).first()


def _paper(version):
    """Return the version as it is printed unsigned. Dated by its finalising: the bytes repeat."""
    # Only what was there when the words were frozen: a photo may come while the person reads.
    known = version.statement.incident.exhibits.filter(received_at__lte=version.finalised_at)
    exhibits = {each.reference: each.description for each in known}
    age = version.age_if_under_18
    return documents.StatementPaper(
        name=version.witness_name,
        age=documents.OVER_18 if age is None else str(age),
        occupation=version.occupation,
        urn="",
        body=version.body,
        declaration=_declaration(version),
        version=version.number,
        made_at=version.finalised_at,
        exhibits=tuple(
            (reference, exhibits[reference])
            for reference in documents.mentioned(version.body, exhibits)
        ),
        present=_present(version),
        visually_recorded=version.visually_recorded,
        reader=documents.Reader(version.reader_name, None) if version.reader_name else None,
        language=LANGUAGES.get(version.language, "en"),
    )


def _present(version):
    """Companions in the room until the words were frozen, each with their times, as printed."""
    if version.statement.appointment is None:
        return ()
    until = version.finalised_at
    found = []
    for companion, seats in companions.present(version.statement.appointment):
        times = [
            f"{say_time(since)} to {say_time(min(left or until, until))}"
            for since, left in seats
            if since < until
        ]
        if times:
            part = companion.get_role_display().lower()
            found.append((companion.contact.name, part, ", ".join(times)))
    return tuple(found)


def _fingerprint(paper):
    """Return a keyed hash of what is printed, which no new release of the printer changes."""
    return keyed_hash(
        "statement",
        json.dumps(
            [
                paper.name,
                paper.age,
                paper.occupation,
                paper.body,
                paper.exhibits,
                paper.visually_recorded,
                paper.reader and paper.reader.name,
                paper.declaration.version,
                paper.version,
                # What was frozen before companions came along keeps its hash.
                *([paper.present] if paper.present else []),
            ]
        ),
    )


def _frozen_fingerprint(version):
    entry = (
        Entry.objects.filter(
            type="statement.finalised",
            about_type=version._meta.label_lower,
            about_id=str(version.pk),
        )
        .order_by("-at", "-id")
        .first()
    )
    return entry.detail["words"] if entry else None


def _officer_in_the_room(statement):
    present = (
        Presence.objects.filter(
            appointment=statement.appointment_id, side=Presence.Side.OFFICER, left_at=None
        )
        .select_related("user")
        .first()
    )
    return present.user if present else statement.appointment.officer


def _tell(version):
    if version.statement.appointment:
        rooms.notify(version.statement.appointment, protocol.STATEMENT)
