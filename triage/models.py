"""Reports, and the THRIVE assessments that decide how the force responds."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from victimcontact.lib.encryption import EncryptedJSONField, EncryptedTextField, blind_index
from victimcontact.lib.keys import uuid7
from victimcontact.lib.prepared import Prepared


class Grade(models.IntegerChoices):
    """How soon the force acts. A force may label them otherwise: see ``Force.grades``."""

    IMMEDIATE = 1, "Immediate"
    PRIORITY = 2, "Priority"
    SCHEDULED = 3, "Scheduled"
    WITHOUT_DEPLOYMENT = 4, "Without deployment"


class Response(models.TextChoices):
    """How the victim is seen. The three are full equals; the victim chooses."""

    VIDEO = "video", "Video appointment"
    VISIT = "visit", "Officer's visit"
    STATION = "station", "Police station"
    NONE = "none", "No officer needed"


# These three need a time in an officer's diary.
TAKES_TIME = (Response.VIDEO, Response.VISIT, Response.STATION)


class Channel(models.TextChoices):
    """By which door a report came in."""

    EMERGENCY = "999", "999"
    NON_EMERGENCY = "101", "101"
    ONLINE = "online", "Online report"
    CHAT = "chat", "Live chat"
    SOCIAL = "social", "Social media"


class Policy(models.Model):
    """The cues, weights, floors and questions that the engine applies. Published: never changed."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    data = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "THRIVE policy"
        verbose_name_plural = "THRIVE policies"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="published"), name="one_published_policy"
            ),
            models.CheckConstraint(
                name="policy_published_at_unless_draft",
                condition=Q(status="draft", published_at=None)
                | (~Q(status="draft") & Q(published_at__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"{self.name} (version {self.version}, {self.get_status_display().lower()})"


class Incident(models.Model):
    """One report and everything that follows it. Its grade is that of its latest assessment."""

    PERSONAL_FIELDS = ("narrative", "location", "safety_note")

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="incidents")
    reference = models.CharField(max_length=20, unique=True)
    channel = models.CharField(max_length=10, choices=Channel)
    status = models.CharField(max_length=6, choices=Status, default=Status.OPEN)
    narrative = EncryptedTextField()  # the caller's words, as first taken down
    location = EncryptedTextField(default="", blank=True)
    location_index = models.CharField(max_length=64, blank=True, editable=False)
    safety_note = EncryptedTextField(default="", blank=True)  # for whoever goes or calls
    crime_type = models.SlugField(blank=True)
    call_answered_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    # Copied from the latest assessment, so that the queue reads one index.
    grade = models.PositiveSmallIntegerField(choices=Grade, null=True)
    due_at = models.DateTimeField(null=True)  # by when the grade's target asks for a response
    review_due_at = models.DateTimeField(null=True)
    is_seen = models.BooleanField(default=True)  # a person decided it, not the engine alone
    response = models.CharField(max_length=10, choices=Response, blank=True)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="handled"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="owned"
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    # {label of a model: whether any of it points here}, once a page has asked for all of them
    # together (``selectors.hanging_on``).
    hanging = None
    _standing = None  # what was read of it since ``stand_still``

    class Meta:
        indexes = [
            # Within its grade, what no person has looked at yet comes first.
            models.Index(
                fields=["grade", "is_seen", "due_at", "id"],
                condition=Q(status="open"),
                name="incident_in_queue",
            ),
            models.Index(
                fields=["review_due_at"], condition=Q(status="open"), name="incident_review_due"
            ),
            # What one person has open, however much they have done before.
            models.Index(fields=["owner"], condition=Q(status="open"), name="incident_open_owner"),
            models.Index(fields=["location_index", "-reported_at"], name="incident_place"),
            models.Index(fields=["force", "-reported_at", "-id"], name="incident_history"),
        ]
        constraints = [
            models.CheckConstraint(
                name="incident_graded_has_its_clocks",
                condition=Q(grade=None)
                | Q(status="closed")
                | Q(due_at__isnull=False, review_due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="incident_closed_at_and_by_together",
                condition=Q(status="open", closed_at=None, closed_by=None)
                | Q(status="closed", closed_at__isnull=False, closed_by__isnull=False),
            ),
        ]

    def __str__(self):
        return self.reference

    def save(self, *args, **kwargs):
        self.location_index = blind_index("place", " ".join(self.location.casefold().split()))
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "location_index"}
        super().save(*args, **kwargs)

    @property
    def victim(self):
        """The victim's Contact, or the caller's where no victim is recorded, or None."""
        found = self._read("participants", _participants_of)
        people = {one.role: one.contact for one in found}
        return people.get(Participant.Role.VICTIM) or people.get(Participant.Role.CALLER)

    @property
    def current_offer(self):
        """What the victim chose last, or None. A witness's choice is not among these."""
        return self.offers.filter(contact=None).order_by("-chosen_at", "-id").first()

    @property
    def current_assessment(self):
        """The assessment that no later one supersedes, or None."""
        found = self._read("assessments", _latest_of)
        return max(found, key=lambda one: one.number, default=None)

    def may_have(self, *models) -> bool:
        """False only where this page has found that none of ``models`` points here."""
        known = self.hanging or {}
        return any(known.get(model._meta.label_lower, True) for model in models)

    def stand_still(self):
        """Read who is in it and how it is assessed once at most: for whoever has locked its row.

        So nothing that is done about it by that lock goes by two different answers.
        """
        self._standing = {}

    def _read(self, name, ask):
        """What a page has read of it with ``prefetch_related``, else what ``ask`` finds."""
        known = getattr(self, "_prefetched_objects_cache", {}).get(name)
        if known is None and self._standing is not None:
            known = self._standing.get(name)
        if known is None:
            known = ask(incident=self.pk)
            for one in known:
                one.incident = self
            if self._standing is not None:
                self._standing[name] = known
        return known


@Prepared
def _participants_of(incident):
    return Participant.objects.filter(incident=incident).select_related("contact").order_by()


@Prepared
def _latest_of(incident):
    return Assessment.objects.filter(incident=incident).order_by("-number")[:1]


class Participant(models.Model):
    """A person's part in an incident. A person suspected has no Contact: nothing can reach one."""

    PERSONAL_FIELDS = ("description",)

    class Role(models.TextChoices):
        CALLER = "caller", "Caller"
        VICTIM = "victim", "Victim"
        WITNESS = "witness", "Witness"
        GUARDIAN = "guardian", "Parent or guardian"
        INTERPRETER = "interpreter", "Interpreter"
        CHILD = "child", "Child"
        SUSPECT = "suspect", "Person suspected"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="participants")
    role = models.CharField(max_length=12, choices=Role)
    contact = models.ForeignKey(
        "people.Contact", null=True, on_delete=models.PROTECT, related_name="participations"
    )
    description = EncryptedTextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="suspect_has_no_contact", condition=~Q(role="suspect") | Q(contact=None)
            ),
            models.UniqueConstraint(
                fields=["incident", "role", "contact"], name="participant_once_in_a_role"
            ),
            models.UniqueConstraint(
                fields=["incident"], condition=Q(role="victim"), name="one_victim_an_incident"
            ),
        ]


class Child(models.Model):
    """Whether an officer saw and spoke to a child who lives with what happened.

    The child's name and age are the participant's description. Marked as a victim: whoever sees,
    hears or lives with the effects of domestic abuse of a relative is one themselves.
    Source: Domestic Abuse Act 2021, section 3.
    """

    PERSONAL_FIELDS = ("why_not",)

    class Seen(models.TextChoices):
        SPOKEN_TO = "spoken", "Seen and spoken to"
        SEEN = "seen", "Seen, not spoken to"
        NOT_SEEN = "not_seen", "Not seen"

    participant = models.OneToOneField(
        Participant, on_delete=models.PROTECT, primary_key=True, related_name="child"
    )
    seen = models.CharField(max_length=8, choices=Seen)
    why_not = EncryptedTextField(default="", blank=True)  # unless spoken to
    is_victim = models.BooleanField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "children"

    def __str__(self):
        return f"child {self.pk}"

    @property
    def said(self):
        """Who it is and what is known of them, in one line."""
        victim = "; a victim, too" if self.is_victim else ""
        return f"{self.participant.description}: {self.get_seen_display().lower()}{victim}"


class Trace(models.Model):
    """By what an incident is found again: one row for each number, person and address in it.

    Kept by ``triage.traces`` whenever a participant, a place or a contact is saved. ``key`` is a
    keyed hash. What was once so stays: a number that is mended later still finds the report.
    """

    class Kind(models.TextChoices):
        NUMBER = "number", "number"
        PERSON = "person", "person"
        ADDRESS = "address", "address"

    # No index of its own: the constraint has one that begins with it.
    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="traces", db_index=False
    )
    key = models.UUIDField(editable=False)
    kind = models.CharField(max_length=7, choices=Kind)
    reported_at = models.DateTimeField()  # the incident's
    as_victim = models.BooleanField(default=False)  # the victim's own number, person or home
    is_domestic = models.BooleanField(default=False)  # domestic abuse, by its latest assessment

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "key"], name="trace_once_an_incident")
        ]
        indexes = [
            # Answers a count without touching the table, however many reports a key has.
            models.Index(
                fields=["key", "-reported_at"],
                include=["incident", "as_victim", "is_domestic"],
                name="trace_key",
            )
        ]


class Draft(models.Model):
    """What is typed: a row, so that a closed tab or a dead server loses nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    form = EncryptedJSONField(default=dict)
    version = models.PositiveIntegerField(default=1)  # a second tab sees that it is behind
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()

    class Meta:
        abstract = True


class ReportDraft(Draft):
    """A report while it is typed."""

    PERSONAL_FIELDS = ("form",)

    incident = models.OneToOneField(
        Incident, null=True, on_delete=models.PROTECT, related_name="draft"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["handler", "-saved_at"],
                condition=Q(incident=None),
                name="report_draft_open",
            )
        ]

    @property
    def is_recorded(self):
        return self.incident_id is not None


class Assessment(models.Model):
    """One THRIVE assessment: a fact, never changed. A new one supersedes it.

    Keeps what was known then: the words, the answers, the cues found, the policy that was applied,
    what it recommended, what a person decided and why.
    """

    append_only = True
    PERSONAL_FIELDS = ("narrative", "answers", "findings", "reason", "dismissed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assessments")
    number = models.PositiveSmallIntegerField()  # 1, 2, … within the incident
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    narrative = EncryptedTextField()
    answers = EncryptedJSONField(default=dict)
    # The engine's whole result: elements, flags with their words, rules, questions.
    findings = EncryptedJSONField()
    # {"threat": 2, …}: levels 0–3 as decided, and the handler's rationale for each, in findings.
    elements = models.JSONField(encoder=DjangoJSONEncoder)
    rationales = EncryptedJSONField(default=dict)
    flags = ArrayField(models.SlugField(), default=list)
    dismissed = EncryptedJSONField(default=dict)  # {flag: reason}
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="assessments")
    recommended_grade = models.PositiveSmallIntegerField(choices=Grade)
    decided_grade = models.PositiveSmallIntegerField(choices=Grade)
    reason = EncryptedTextField(default="", blank=True)
    is_below_recommendation = models.GeneratedField(
        expression=Q(decided_grade__gt=F("recommended_grade")),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    has_reason = models.BooleanField()
    video_offer = models.BooleanField()
    video_reasons = ArrayField(models.SlugField(), default=list)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="assessments"
    )
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["incident", "number"]
        # What was decided in a week is asked for each week, among years of them.
        indexes = [models.Index(fields=["decided_at"], name="assessment_decided_at")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="assessment_numbered_once"),
            models.CheckConstraint(
                name="assessment_first_or_supersedes",
                condition=Q(number=1, supersedes=None) | Q(number__gt=1, supersedes__isnull=False),
            ),
            models.CheckConstraint(
                name="assessment_below_needs_a_reason",
                condition=Q(decided_grade__lte=F("recommended_grade")) | Q(has_reason=True),
            ),
            models.CheckConstraint(
                name="assessment_video_only_at_grade_3",
                condition=Q(video_offer=False) | Q(decided_grade=3),
            ),
        ]


class AssessmentDraft(Draft):
    """A fresh assessment of an incident while it is typed."""

    PERSONAL_FIELDS = ("form",)

    of = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assessment_drafts")
    after = models.PositiveSmallIntegerField(default=0)  # number of the assessment it began from
    assessment = models.OneToOneField(
        Assessment, null=True, on_delete=models.PROTECT, related_name="draft"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["handler", "of", "-saved_at"],
                condition=Q(assessment=None),
                name="assessment_draft_open",
            )
        ]

    @property
    def is_recorded(self):
        return self.assessment_id is not None


class Presence(models.Model):
    """Somebody has an incident open. A hint that lapses by itself: it holds nobody back."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    typed_at = models.DateTimeField(null=True)  # when they last typed into an assessment of it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "user"], name="presence_once_an_incident")
        ]


class Offer(models.Model):
    """The choice read out to a victim, in which words, and what they chose. Never only video."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="offers")
    # Who chose: a witness has a choice of their own. None: the victim, whose choice answers the
    # incident.
    contact = models.ForeignKey(
        "people.Contact", null=True, on_delete=models.PROTECT, related_name="offers"
    )
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="offers")
    options = ArrayField(models.CharField(max_length=10, choices=Response))
    words_version = models.CharField(max_length=20)  # which script was read
    words = models.TextField(default="", db_default="", blank=True)  # it, as it was read or shown
    video_eligible = models.BooleanField()  # as the assessment said when it was offered
    chosen = models.CharField(max_length=10, choices=Response)
    chosen_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["chosen_at"]
        constraints = [
            models.CheckConstraint(
                name="offer_has_visit_and_station",
                condition=Q(options__contains=["visit", "station"]),
            ),
            models.CheckConstraint(
                name="offer_video_only_when_eligible",
                condition=~Q(options__contains=["video"]) | Q(video_eligible=True),
            ),
            models.CheckConstraint(
                name="offer_chosen_was_offered",
                condition=Q(
                    options__contains=models.expressions.Func(
                        F("chosen"), template="ARRAY[%(expressions)s]"
                    )
                ),
            ),
            # What an appointment is held against: see appointments, migration 0004.
            models.UniqueConstraint(fields=["id", "chosen"], name="offer_and_its_choice"),
        ]


class Review(models.Model):
    """When an open incident must be assessed again. There is always exactly one not yet done."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="reviews")
    due_at = models.DateTimeField()
    because = models.CharField(max_length=40)  # "clock", "message", "missed call"
    event_at = models.DateTimeField(null=True)  # of the latest news that asked for it
    raised_at = models.DateTimeField(null=True)  # when a team leader was told that it is late
    done_at = models.DateTimeField(null=True)
    done_by_assessment = models.OneToOneField(
        Assessment, null=True, on_delete=models.PROTECT, related_name="review"
    )

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(done_at=None), name="review_to_do")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(done_at=None), name="one_review_to_do"
            )
        ]


class Crime(models.Model):
    """A crime recorded from an incident, under the force's own reference. Opens a case above."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="crime")
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="crimes")
    reference = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()  # counts up within force and year
    crime_type = models.SlugField()
    officer_in_charge = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="crimes"
    )
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["force", "reference"], name="crime_reference_unique"),
            models.UniqueConstraint(fields=["force", "year", "number"], name="crime_numbered_once"),
        ]

    def __str__(self):
        return self.reference
