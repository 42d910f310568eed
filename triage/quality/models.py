"""What is sampled and why, what reviewers judged, what handlers answered, and practice."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from triage.models import Grade
from victimcontact.lib.encryption import EncryptedJSONField, EncryptedTextField
from victimcontact.lib.keys import uuid7

MOST = 3  # points for one criterion


class Kind(models.TextChoices):
    """Why an assessment was drawn. All but the first by a risk that it carries."""

    RANDOM = "random", "Random"
    DOWNGRADED = "downgraded", "Downgraded"
    DISMISSED = "dismissed", "Dismissed a flag of weight"
    BELOW = "below", "Graded below the recommendation"
    ABUSE = "abuse", "Domestic abuse graded 3 or 4"
    REPEAT = "repeat", "Repeat within 7 days"
    LATE = "late", "Assessed again too late"
    WORSE = "worse", "Worse at the next assessment"


RISKS = tuple(kind for kind in Kind if kind != Kind.RANDOM)


class SamplingRule(models.Model):
    """How many assessments are drawn at random each week, of a force or of one of its teams."""

    class Per(models.TextChoices):
        HANDLER = "handler", "Each handler"
        TEAM = "team", "Each team as a whole"

    force = models.ForeignKey(
        "accounts.Force", on_delete=models.CASCADE, related_name="sampling_rules"
    )
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="sampling_rules",
        help_text="Empty: every team of the force that has no rule of its own.",
    )
    per = models.CharField(max_length=7, choices=Per, default=Per.HANDLER)
    share_percent = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    at_least = models.PositiveSmallIntegerField(
        default=2, help_text="A week, however few there were; never more than there were."
    )
    seed = models.CharField(
        max_length=40,
        default="1",
        help_text="The same seed draws the same sample of the same week, so that a draw can be"
        " shown to have been by chance.",
    )

    class Meta:
        ordering = ["force", "team"]
        constraints = [
            models.UniqueConstraint(
                fields=["force", "team"], name="sampling_rule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="sampling_share_is_a_percentage", condition=Q(share_percent__lte=100)
            ),
        ]

    def __str__(self):
        who = self.team or self.force
        return f"{who}: {self.share_percent} % of {self.get_per_display().lower()}"


class RiskRule(models.Model):
    """What share of the assessments that carry a risk is drawn. Without a row: all of them."""

    force = models.ForeignKey("accounts.Force", on_delete=models.CASCADE, related_name="risk_rules")
    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.label) for kind in RISKS], verbose_name="risk"
    )
    share_percent = models.PositiveSmallIntegerField(
        default=100, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )

    class Meta:
        ordering = ["force", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["force", "kind"], name="risk_rule_once"),
            models.CheckConstraint(
                name="risk_share_is_a_percentage", condition=Q(share_percent__lte=100)
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.share_percent} %"


class Criterion(models.Model):
    """One thing that a review scores. Where a force has none, the shipped ones are used."""

    force = models.ForeignKey("accounts.Force", on_delete=models.CASCADE, related_name="criteria")
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=100)
    asks = models.TextField(help_text="What a reviewer looks for, in a sentence or two.")
    position = models.PositiveSmallIntegerField(default=0)
    is_used = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "criteria"
        ordering = ["force", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["force", "key"], name="criterion_once_in_force")
        ]

    def __str__(self):
        return self.label


class Draw(models.Model):
    """A week's random draw: from how many, by which seed. The base of every share reviewed."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="draws")
    team = models.ForeignKey(
        "accounts.Team", null=True, on_delete=models.PROTECT, related_name="draws"
    )
    week_on = models.DateField()  # its Monday
    assessed = models.PositiveIntegerField()  # by the members of the team, within the week
    drawn = models.PositiveIntegerField()
    seed = models.CharField(max_length=40)
    share_percent = models.PositiveSmallIntegerField()
    at_least = models.PositiveSmallIntegerField()
    per = models.CharField(max_length=7, choices=SamplingRule.Per)
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-week_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["force", "team", "week_on"], name="week_drawn_once", nulls_distinct=False
            )
        ]


class Sample(models.Model):
    """An assessment that somebody is to look at, and why. Once at most for each reason."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="samples")
    assessment = models.ForeignKey(
        "triage.Assessment", on_delete=models.PROTECT, related_name="samples"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-drawn_at"]
        indexes = [models.Index(fields=["force", "-drawn_at"], name="sample_latest")]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "kind"], name="sample_once_for_a_reason")
        ]


class QualityReview(models.Model):
    """One reviewer's opinion of one assessment, on what was known then. Never changed."""

    append_only = True
    PERSONAL_FIELDS = ("good_practice", "feedback")

    class Overall(models.TextChoices):
        GOOD = "good", "Good"
        SOUND = "sound", "Sound"
        LEARN = "learn", "Something to learn"
        UNSAFE = "unsafe", "Unsafe"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey(
        "accounts.Force", on_delete=models.PROTECT, related_name="quality_reviews"
    )
    assessment = models.ForeignKey(
        "triage.Assessment", on_delete=models.PROTECT, related_name="quality_reviews"
    )
    # Whose assessment it is, and in which team they were then; nobody's where the engine's alone.
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="reviewed"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, on_delete=models.PROTECT, related_name="quality_reviews"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quality_reviews"
    )
    overall = models.CharField(max_length=6, choices=Overall)
    decided_grade = models.PositiveSmallIntegerField(choices=Grade)  # as the assessment has it
    right_grade = models.PositiveSmallIntegerField(choices=Grade)
    points = models.PositiveSmallIntegerField()
    most = models.PositiveSmallIntegerField()
    good_practice = EncryptedTextField(default="", blank=True)
    feedback = EncryptedTextField(default="", blank=True)
    assessed_at = models.DateTimeField()  # the period of the trend is the handler's
    scored_at = models.DateTimeField()

    class Meta:
        ordering = ["scored_at"]
        indexes = [
            models.Index(fields=["force", "assessed_at"], name="quality_review_period"),
            models.Index(fields=["handler", "-scored_at"], name="quality_review_handler"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "reviewer"], name="quality_review_once_each"
            ),
            models.CheckConstraint(
                name="quality_review_not_of_oneself",
                condition=Q(handler=None) | ~Q(handler=F("reviewer")),
            ),
            models.CheckConstraint(
                name="quality_review_points_within", condition=Q(points__lte=F("most"))
            ),
        ]

    @property
    def graded(self) -> str:
        """How the reviewer sees the grade: "under", "over" or "right"."""
        if self.right_grade == self.decided_grade:
            return "right"
        return "under" if self.right_grade < self.decided_grade else "over"


class CriterionScore(models.Model):
    """What a review says of one criterion, with its label as it was read then."""

    append_only = True
    PERSONAL_FIELDS = ("comment",)

    review = models.ForeignKey(QualityReview, on_delete=models.PROTECT, related_name="scores")
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField()
    points = models.PositiveSmallIntegerField(null=True)  # None: did not apply
    comment = EncryptedTextField(default="", blank=True)
    has_comment = models.BooleanField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["review", "key"], name="criterion_scored_once"),
            models.CheckConstraint(
                name="criterion_points_within", condition=Q(points=None) | Q(points__lte=MOST)
            ),
            models.CheckConstraint(
                name="criterion_low_needs_a_comment",
                condition=Q(points=None) | Q(points__gte=2) | Q(has_comment=True),
            ),
        ]


class FeedbackAnswer(models.Model):
    """What a handler says to a review of theirs: read, or not agreed with."""

    append_only = True
    PERSONAL_FIELDS = ("words",)

    class Kind(models.TextChoices):
        READ = "read", "Read and understood"
        DISAGREE = "disagree", "Does not agree"

    review = models.ForeignKey(QualityReview, on_delete=models.PROTECT, related_name="answers")
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="feedback_answers"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    words = EncryptedTextField(default="", blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["answered_at"]
        constraints = [
            models.UniqueConstraint(fields=["review", "kind"], name="feedback_answered_once_each")
        ]


class SecondOpinion(models.Model):
    """Another reviewer is to look as well, without seeing what the first one said."""

    append_only = True
    PERSONAL_FIELDS = ("why",)

    assessment = models.OneToOneField(
        "triage.Assessment", on_delete=models.PROTECT, related_name="second_opinion"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    why = EncryptedTextField(default="", blank=True)
    asked_at = models.DateTimeField()


class UnsafeNow(models.Model):
    """A reviewer fears that a victim is unsafe now: looked at again at once, and a task."""

    append_only = True
    PERSONAL_FIELDS = ("why",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assessment = models.ForeignKey(
        "triage.Assessment", on_delete=models.PROTECT, related_name="unsafe_now"
    )
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    why = EncryptedTextField()
    task_id = models.UUIDField()
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "raised_by"], name="unsafe_raised_once")
        ]


class PracticeAttempt(models.Model):
    """One try at a synthetic caller. Stands for itself: it points at nothing that is real.

    Kept as it was when finished; its points can be worked out again from what it holds.
    """

    PERSONAL_FIELDS = ("form", "outcome")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="practice_attempts"
    )
    case = models.SlugField(max_length=60)
    case_print = models.CharField(max_length=64)  # which wording of the case it was
    policy_version = models.PositiveIntegerField()
    heard = models.PositiveSmallIntegerField(default=1)  # lines that the caller has spoken
    asked = ArrayField(models.SlugField(max_length=60), default=list)  # in order
    form = EncryptedJSONField(default=dict)  # what was typed, as a report's draft keeps it
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    decided_grade = models.PositiveSmallIntegerField(choices=Grade, null=True)
    points = models.PositiveSmallIntegerField(null=True)  # of 100
    outcome = EncryptedJSONField(null=True)  # each part of the score and why

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["handler", "-started_at"], name="practice_latest")]
        constraints = [
            models.CheckConstraint(
                name="practice_finished_has_its_score",
                condition=Q(finished_at=None, decided_grade=None, points=None)
                | Q(finished_at__isnull=False, decided_grade__isnull=False, points__lte=100),
            )
        ]
