"""What the statement and exhibit parts of a page show, for the officer and for the victim.

Each part is included by the page of the room and is served alone by its own address; both ask
here, so that they never differ.
"""

from dataclasses import dataclass

from django.conf import settings

from appointments import evidence, statements
from appointments.forms_statement import (
    PhotoForm,
    SealForm,
    SignForm,
    StatementForm,
    say_refusal,
)
from appointments.models import Exhibit, Signature, StatementVersion

Status = StatementVersion.Status
NONE, DRAFT, FINAL, AGREED, SIGNED = "none", "draft", "final", "agreed", "signed"


@dataclass(frozen=True)
class OfficerStatement:
    """The officer's part. ``state``: none, draft, final (shown), agreed (witness signed), signed.

    ``mark`` changes whenever the part must be fetched again. ``theirs`` is what another tab saved
    when this one came too late.
    """

    appointment: object
    version: StatementVersion | None
    state: str
    mark: str
    signature: Signature | None = None
    form: StatementForm | None = None
    seal_form: SealForm | None = None
    earlier: tuple = ()
    theirs: str | None = None
    problem: str = ""
    is_saved: bool = True
    may_write: bool = False
    refused: object = None  # the form that was just sent, when something in it is wrong

    @property
    def declaration(self):
        return statements.declared(self.version)


@dataclass(frozen=True)
class VictimStatement:
    """The victim's part. ``state`` as for the officer; of a draft only that there is one."""

    state: str
    mark: str
    version: StatementVersion | None = None
    signature: Signature | None = None
    form: SignForm | None = None
    problem: str = ""

    @property
    def declaration(self):
        return statements.declared(self.version)


@dataclass(frozen=True)
class Exhibits:
    """Exhibits of an appointment, and on the victim's side the form to send one."""

    appointment: object
    exhibits: tuple[Exhibit, ...]
    mark: str
    form: PhotoForm | None = None
    just_received: Exhibit | None = None
    may_send: bool = False

    @property
    def limit_bytes(self):
        return settings.UPLOAD_MAX_BYTES

    @property
    def too_large(self):
        return say_refusal("large")


def officer_statement(
    appointment, *, user, form=None, seal_form=None, theirs=None, problem="", is_saved=True
):
    """Return the OfficerStatement. ``form``, ``seal_form``: bound ones that were refused."""
    version = statements.current_version(appointment)
    state, signature = _state(version)
    refused = next((each for each in (form, seal_form) if each and each.errors), None)
    if state == DRAFT and form is None:
        form = StatementForm.of(version)
    if state == AGREED and seal_form is None:
        seal_form = SealForm(needs_reader=bool(version.reader_name))
    return OfficerStatement(
        appointment=appointment,
        version=version,
        state=state,
        mark=mark(version, state),
        signature=signature,
        form=form if state == DRAFT else None,
        seal_form=seal_form if state == AGREED else None,
        earlier=tuple(
            each
            for each in statements.signed_versions(appointment)
            if version and each.pk != version.pk
        ),
        theirs=theirs,
        problem=problem,
        is_saved=is_saved,
        may_write="statement.write" in user.permissions,
        refused=refused,
    )


def victim_statement(appointment, *, visit, form=None, problem=""):
    """Return the VictimStatement: nothing of it before the officer let this visit in."""
    version = statements.current_version(appointment)
    if version is None or not statements.is_admitted(appointment, visit):
        return VictimStatement(state=NONE, mark=NONE)
    state, signature = _state(version)
    if state == FINAL and form is None:
        form = SignForm(initial={"shown": version.final_sha256})
    return VictimStatement(
        state=state,
        # A draft that is typed on would make the page fetch again at every key.
        mark=mark(version, state) if state != DRAFT else DRAFT,
        version=version if state != DRAFT else None,
        signature=signature,
        form=form if state == FINAL else None,
        problem=problem,
    )


def officer_exhibits(appointment):
    """Return the Exhibits of the officer's part."""
    found = tuple(evidence.exhibits_of(appointment))
    return Exhibits(appointment, found, _count(found))


def victim_exhibits(appointment, *, visit, form=None, just_received=None):
    """Return the Exhibits of the victim's part: only their own, none before they were let in."""
    if not statements.is_admitted(appointment, visit):
        return Exhibits(appointment, (), NONE)
    found = tuple(evidence.exhibits_of(appointment).filter(contact=appointment.contact_id))
    return Exhibits(
        appointment,
        found,
        _count(found),
        form=form or PhotoForm(),
        just_received=just_received,
        may_send=True,
    )


def mark(version, state=DRAFT):
    """Return what tells one state of the part from every other."""
    return f"{state}-{version.number}-{version.edits}" if version else state


def _state(version):
    if version is None:
        return NONE, None
    signature = statements.witness_signature(version)
    if version.status == Status.SIGNED:
        return SIGNED, signature
    if version.status == Status.FINAL:
        return (AGREED if signature else FINAL), signature
    return DRAFT, None


def _count(exhibits):
    return str(len(exhibits))
