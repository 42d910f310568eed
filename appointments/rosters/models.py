"""Who can do what, who works when, and who is away: what free time is worked out from."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q

from victimcontact.lib.keys import uuid7


class Skill(models.Model):
    """What an officer must have learnt to see some people; and when it is asked for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.CASCADE, related_name="skills")
    slug = models.SlugField()
    name = models.CharField(max_length=60)
    flags = ArrayField(
        models.SlugField(),
        default=list,
        blank=True,
        help_text="Flags of an assessment that ask for it.",
    )
    for_children = models.BooleanField(
        default=False, help_text="Asked for wherever the victim is under 18."
    )
    needs = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Adaptations, or words in “interpreter”, that ask for it.",
    )
    languages = ArrayField(
        models.CharField(max_length=10),
        default=list,
        blank=True,
        help_text="Asked for where the victim speaks one of these, as cy.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["force", "slug"], name="skill_slug_unique_in_force")
        ]

    def __str__(self):
        return self.name


class Profile(models.Model):
    """What the diary knows of an officer besides their name. No row: no skill, English."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="profile"
    )
    skills = ArrayField(models.SlugField(), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=10), default=list, blank=True)

    def __str__(self):
        return f"{self.user}"

    @property
    def gender(self):
        """ "female", "male" or empty: kept with the person, once."""
        return self.user.gender


class UrgencyBand(models.Model):
    """How soon people are seen. The first band, in order, that an incident fits is its band."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.CASCADE, related_name="bands")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    grades = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        help_text="Grades that fit; empty: any.",
    )
    flags = ArrayField(
        models.SlugField(),
        default=list,
        blank=True,
        help_text="Flags of which one must stand; empty: any report.",
    )
    from_hours = models.PositiveSmallIntegerField(
        default=0, help_text="Not sooner than so many hours on, which are kept for others."
    )
    within_hours = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["force", "order"]
        constraints = [
            models.UniqueConstraint(fields=["force", "order"], name="band_order_in_force"),
            models.CheckConstraint(
                name="band_begins_before_it_ends",
                condition=Q(from_hours__lt=F("within_hours"), within_hours__lte=336),
            ),
        ]

    def __str__(self):
        return self.name


class DeskDay(models.Model):
    """One date on which a desk has hours of its own, or is closed: before any other rule."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey("appointments.Desk", on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    opens = models.TimeField(null=True, blank=True)  # both empty: closed
    closes = models.TimeField(null=True, blank=True)  # at or before ``opens``: on the next day
    because = models.CharField(max_length=60)

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["desk", "on"], name="desk_day_once"),
            models.CheckConstraint(
                name="desk_day_opens_and_closes_together",
                condition=Q(opens=None, closes=None) | Q(opens__isnull=False, closes__isnull=False),
            ),
        ]


class Absence(models.Model):
    """A time in which an officer's shifts give no slot. Two may overlap: each stands by itself."""

    class Kind(models.TextChoices):
        LEAVE = "leave", "Leave"
        SICKNESS = "sickness", "Sickness"
        TRAINING = "training", "Training"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="absences"
    )
    during = DateTimeRangeField()  # UTC, upper bound exclusive
    kind = models.CharField(max_length=10, choices=Kind)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # taken back, or back early: kept, counts no more

    class Meta:
        ordering = ["during"]
        indexes = [
            GistIndex(
                fields=["officer", "during"], condition=Q(ended_at=None), name="absence_stands"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="absence_has_a_beginning_and_an_end",
                condition=Q(
                    during__isempty=False, during__lower_inf=False, during__upper_inf=False
                ),
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of {self.officer}"


class ShiftPattern(models.Model):
    """A cycle of days that a team works again and again, as 2 earlies, 2 lates and 2 rest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey("appointments.Desk", on_delete=models.PROTECT, related_name="patterns")
    name = models.CharField(max_length=60)
    # A day each: "07:00-15:00", "22:00-07:00" (ends on the next day), or empty for a rest day.
    days = ArrayField(models.CharField(max_length=11, blank=True))

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["desk", "name"], name="pattern_name_unique_at_desk"),
            models.CheckConstraint(name="pattern_has_days", condition=Q(days__len__gt=0)),
        ]

    def __str__(self):
        return self.name


class PatternMember(models.Model):
    """An officer who works a pattern from a date on, which is the first day of its cycle."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pattern = models.ForeignKey(ShiftPattern, on_delete=models.PROTECT, related_name="members")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="patterns"
    )
    begins_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # the last day
    # The last day whose shift was made: a shift taken away by hand does not come back.
    expanded_to = models.DateField(null=True)

    class Meta:
        ordering = ["begins_on"]
        constraints = [
            models.CheckConstraint(
                name="member_begins_before_they_end",
                condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on")),
            )
        ]


class Outcome(models.Model):
    """What became of one appointment when its officer was lost to it. Empty ``result``: not yet."""

    class Result(models.TextChoices):
        WAITING = "", "Not settled yet"
        REASSIGNED = "reassigned", "Another officer at the same time"
        MOVED = "moved", "Another time"
        TASK = "task", "A person was asked to ring"
        NOT_NEEDED = "not_needed", "It was over or changed already"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.ForeignKey(
        "appointments.Appointment", on_delete=models.PROTECT, related_name="outcomes"
    )
    absence = models.ForeignKey(
        Absence, null=True, on_delete=models.PROTECT, related_name="outcomes"
    )  # empty: a shift was changed
    because = models.CharField(max_length=20)  # "sickness", "shift changed"
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )  # who was lost
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    raised_at = models.DateTimeField()
    result = models.CharField(max_length=10, choices=Result, blank=True, default="")
    replacement = models.ForeignKey(
        "appointments.Appointment", null=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["raised_at", "id"]
        indexes = [models.Index(fields=["raised_at"], condition=Q(result=""), name="outcome_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(result=""), name="outcome_open_once"
            ),
            models.CheckConstraint(
                name="outcome_settled_at_exactly_when_settled",
                condition=Q(result="", settled_at=None)
                | (~Q(result="") & Q(settled_at__isnull=False)),
            ),
        ]


class Import(models.Model):
    """One file of shifts that was looked at, what it would do, and what it did."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    # [line, officer id, desk id, from, until] of each shift to add: checked again when applied.
    shifts = models.JSONField(default=list)
    lines = models.PositiveIntegerField()
    unchanged = models.PositiveIntegerField()  # lines whose shift stands already
    problems = models.JSONField(default=list)  # [line, column, what is wrong]
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    read_at = models.DateTimeField()
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    applied_at = models.DateTimeField(null=True)
    added = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-read_at"]
        constraints = [
            models.CheckConstraint(
                name="import_applied_at_and_by_together",
                condition=Q(applied_at=None, applied_by=None, added=None)
                | Q(applied_at__isnull=False, applied_by__isnull=False, added__isnull=False),
            )
        ]
