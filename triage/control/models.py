"""What a control room did about an incident, each a fact that is added and never changed.

Only ``ToTell`` changes: it is the list of what the victim or caller has yet to be told.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from triage.models import Assessment, Incident
from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


def _staff(**more):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", **more
    )


class SystemCheck(models.Model):
    """One look into one system (``library.checks``), or why nobody looked. The last one counts."""

    append_only = True
    PERSONAL_FIELDS = ("note",)

    class Result(models.TextChoices):
        NOTHING = "nothing", "Nothing found"
        FOUND = "found", "Found"
        NOT_DONE = "not_done", "Not done"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="checks")
    kind = models.SlugField()
    result = models.CharField(max_length=8, choices=Result)
    note = EncryptedTextField(default="", blank=True)  # what was found, or why it was not done
    has_note = models.BooleanField()
    checked_at = models.DateTimeField()
    checked_by = _staff()

    class Meta:
        ordering = ["checked_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="check_found_or_not_done_says_what",
                condition=Q(result="nothing") | Q(has_note=True),
            )
        ]


class Advice(models.Model):
    """One piece of advice given to the victim or caller, in the words that were read out or sent.

    ``notification`` is the text or e-mail that leads to it, where one was queued: it is delivered
    only when that says so.
    """

    append_only = True
    PERSONAL_FIELDS = ("words",)

    class How(models.TextChoices):
        READ_OUT = "read_out", "Read out"
        SENT = "sent", "Sent"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="advice")
    item = models.SlugField()  # of ``library.advice``
    words = EncryptedTextField()
    how = models.CharField(max_length=8, choices=How)
    notification = models.ForeignKey(
        "messaging.Notification", null=True, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField()
    given_by = _staff()

    class Meta:
        verbose_name_plural = "advice"
        ordering = ["given_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="advice_sent_has_its_notification",
                condition=Q(how="read_out", notification=None)
                | Q(how="sent", notification__isnull=False),
            )
        ]


class Safeguarding(models.Model):
    """What was decided about one risk: remove, avoid, reduce or accept it; what exactly, and why.

    A change of mind is a row that supersedes the one before.
    """

    append_only = True
    PERSONAL_FIELDS = ("risk", "what", "why")

    class Choice(models.TextChoices):
        REMOVE = "remove", "Remove it"
        AVOID = "avoid", "Avoid it"
        REDUCE = "reduce", "Reduce it"
        ACCEPT = "accept", "Accept it"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="safeguarding")
    number = models.PositiveSmallIntegerField()  # 1, 2, … within the incident
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    risk = EncryptedTextField()
    choice = models.CharField(max_length=6, choices=Choice)
    what = EncryptedTextField()  # who does what by when
    why = EncryptedTextField()
    decided_at = models.DateTimeField()
    decided_by = _staff()

    class Meta:
        verbose_name = "safeguarding decision"
        ordering = ["incident", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "number"], name="safeguarding_numbered_once"
            )
        ]


class News(models.TextChoices):
    """What a victim or caller is owed to be told."""

    DELAY = "delay", "Officers are later than promised"
    GRADE = "grade", "How urgent it is has changed"
    OFFICERS = "officers", "Officers are coming"
    ATTENDANCE = "attendance", "How they will be seen has changed"
    APPOINTMENT = "appointment", "Their appointment has changed"
    CLOSED = "closed", "Nothing more will be done for now"


class CallerTold(models.Model):
    """That the victim or caller was told some news, and how; or why they were not.

    Told by a text or e-mail (``notification``) it counts while that is on its way or delivered.
    """

    append_only = True
    PERSONAL_FIELDS = ("because",)

    class How(models.TextChoices):
        CALL = "call", "On a call"
        IN_PERSON = "in_person", "In person or on video"
        CHAT = "chat", "In the chat"
        TEXT = "text", "By text or e-mail"
        NOT_TOLD = "not_told", "Not told"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="told")
    what = models.CharField(max_length=12, choices=News)
    how = models.CharField(max_length=9, choices=How)
    because = EncryptedTextField(default="", blank=True)  # why not
    has_because = models.BooleanField(default=False)
    notification = models.ForeignKey(
        "messaging.Notification", null=True, on_delete=models.PROTECT, related_name="+"
    )
    of_due_at = models.DateTimeField(null=True)  # of a delay: past which promise
    told_at = models.DateTimeField()
    told_by = _staff(null=True)  # None: the house itself, by a text

    class Meta:
        verbose_name = "caller told"
        verbose_name_plural = "callers told"
        ordering = ["told_at", "id"]
        indexes = [models.Index(fields=["incident", "what"], name="caller_told_what")]
        constraints = [
            models.CheckConstraint(
                name="caller_not_told_says_why", condition=~Q(how="not_told") | Q(has_because=True)
            ),
            models.CheckConstraint(
                name="caller_told_by_a_person_or_a_text",
                condition=Q(told_by__isnull=False) | Q(notification__isnull=False),
            ),
        ]


class ToTell(models.Model):
    """News that the victim or caller is owed and has not had. Open until told, or told why not.

    Written in the transaction of the change. A delay is not written here: the clock makes it, and
    ``telling.not_yet_told`` works it out.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="to_tell")
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=12, choices=News)
    because = models.CharField(max_length=60)  # "grade 3 to 1": no personal data
    arose_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        CallerTold, null=True, on_delete=models.PROTECT, related_name="settles"
    )

    class Meta:
        ordering = ["arose_at", "id"]
        indexes = [
            models.Index(
                fields=["force", "arose_at"], condition=Q(done_at=None), name="to_tell_open"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "what"], condition=Q(done_at=None), name="to_tell_once_of_each"
            ),
            models.CheckConstraint(
                name="to_tell_done_at_and_by_together",
                condition=Q(done_at=None, done_by=None)
                | Q(done_at__isnull=False, done_by__isnull=False),
            ),
        ]


class Dispatch(models.Model):
    """Officers sent now: asked of command and control, with all that they need on the way.

    How it goes on is in its steps; the last one is its state.
    """

    append_only = True
    PERSONAL_FIELDS = ("reason", "where", "safety_note")

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        ARRIVED = "arrived", "With the victim"
        STOOD_DOWN = "stood_down", "Stood down"

    TRANSITIONS = {
        State.ASKED: {State.ACKNOWLEDGED, State.ARRIVED, State.STOOD_DOWN},
        State.ACKNOWLEDGED: {State.ARRIVED, State.STOOD_DOWN},
        State.ARRIVED: set(),
        State.STOOD_DOWN: set(),
    }

    class CameFrom(models.TextChoices):
        """From which page, so that training sees where people reach for it."""

        REPORT = "report", "Report"
        INCIDENT = "incident", "Incident"
        ASSESS = "assess", "Assessment"
        CHOICE = "choice", "Choice"
        ROOM = "room", "Video room"
        CHAT = "chat", "Chat"
        API = "api", "Another system"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="dispatches")
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()  # 1, 2, … within the incident
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField()
    where = EncryptedTextField(default="", blank=True)
    safety_note = EncryptedTextField(default="", blank=True)
    came_from = models.CharField(max_length=10, choices=CameFrom, default=CameFrom.INCIDENT)
    # Made by the form that asked: the same form sent twice sends officers once.
    idempotency_key = models.UUIDField(unique=True)
    asked_at = models.DateTimeField()
    asked_by = _staff()

    class Meta:
        verbose_name_plural = "dispatches"
        ordering = ["asked_at", "id"]
        indexes = [models.Index(fields=["force", "asked_at", "id"], name="dispatch_export")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="dispatch_numbered_once")
        ]

    @property
    def state(self) -> "Dispatch.State":
        """Where it stands: the furthest state it came to.

        Not the latest by time: command and control's clock is not ours.
        """
        reached = {step.state for step in self.steps.all()}
        order = [self.State.ARRIVED, self.State.STOOD_DOWN, self.State.ACKNOWLEDGED]
        return next((state for state in order if state in reached), self.State.ASKED)

    @property
    def is_waiting(self) -> bool:
        """Whether officers are asked for and not there."""
        return bool(self.TRANSITIONS[self.state])


class DispatchStep(models.Model):
    """One state that a dispatch came to, or that officers were asked for once more."""

    append_only = True
    PERSONAL_FIELDS = ("note",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="steps")
    state = models.CharField(max_length=12, choices=Dispatch.State)
    is_again = models.BooleanField(default=False)  # asked for again while already asked
    note = EncryptedTextField(default="", blank=True)
    at = models.DateTimeField()
    by = _staff(null=True)  # None: command and control itself, through the API

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispatch", "state"],
                condition=Q(is_again=False),
                name="dispatch_once_in_a_state",
            ),
            models.CheckConstraint(
                name="dispatch_again_is_asked", condition=Q(is_again=False) | Q(state="asked")
            ),
        ]


class Closure(models.Model):
    """An incident closed: with which outcome (``library.outcomes``), why, and who was told."""

    append_only = True
    PERSONAL_FIELDS = ("reason",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="closures")
    outcome = models.SlugField()
    reason = EncryptedTextField()
    told = models.OneToOneField(CallerTold, on_delete=models.PROTECT, related_name="closure")
    closed_at = models.DateTimeField()
    closed_by = _staff()

    class Meta:
        ordering = ["closed_at", "id"]


class Reopening(models.Model):
    """A closed incident opened again, by a person or by news about it."""

    append_only = True
    PERSONAL_FIELDS = ("note",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    closure = models.OneToOneField(Closure, on_delete=models.PROTECT, related_name="reopening")
    because = models.CharField(max_length=40)  # "text received": no personal data
    note = EncryptedTextField(default="", blank=True)
    reopened_at = models.DateTimeField()
    reopened_by = _staff(null=True)

    class Meta:
        ordering = ["reopened_at", "id"]
