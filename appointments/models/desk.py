"""Desks and who sits at them."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q, Value

from victimcontact.lib.keys import uuid7

# Keys of Desk.hours, in the order of date.weekday(); then bank holidays.
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"


class Meeting(models.TextChoices):
    """How an officer of a desk meets people. An appointment is of one of these kinds."""

    VIDEO = "video", "By video"
    VISIT = "visit", "At their home or another place"
    STATION = "station", "At a police station"


def by_video():
    return ["video"]


class Desk(models.Model):
    """A team of officers who see people, with its own hours, kinds of incident and skills."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="desks")
    name = models.CharField(max_length=100)
    slug = models.SlugField()
    opens = models.TimeField()  # London's clock
    closes = models.TimeField()
    slot_minutes = models.PositiveSmallIntegerField(default=45)
    buffer_minutes = models.PositiveSmallIntegerField(default=15)
    # Flags of an assessment that lead here; empty: the desk for everything else.
    takes_flags = ArrayField(models.SlugField(), default=list, blank=True)
    names_officer = models.BooleanField(
        default=True, help_text="Whether a victim is told the officer's name beforehand."
    )
    plain_background = models.BooleanField(default=False)
    # {"sun": [], "holiday": ["10:00", "16:00"]}: closed on Sundays, other hours on bank holidays.
    # A day that is not named is open as ``opens`` and ``closes`` say. "24:00" is the day's end; an
    # end at or before its beginning is on the next day. London's clock. See rosters.hours.
    hours = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()))
    kinds = ArrayField(
        models.CharField(max_length=10, choices=Meeting),
        default=by_video,
        db_default=Value(["video"], ArrayField(models.CharField(max_length=10))),
    )
    # Slugs of rosters.Skill that each of its officers must have to be offered here.
    skills = ArrayField(
        models.SlugField(),
        default=list,
        blank=True,
        db_default=Value([], ArrayField(models.CharField(max_length=50))),
    )
    place = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Where people come to: a station."
    )
    is_active = models.BooleanField(default=True, db_default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["force", "slug"], name="desk_slug_unique_in_force"),
            models.CheckConstraint(
                name="desk_opens_before_it_closes", condition=Q(opens__lt=F("closes"))
            ),
            models.CheckConstraint(
                name="desk_slots_have_a_length", condition=Q(slot_minutes__gte=5)
            ),
            models.CheckConstraint(
                name="desk_meets_somehow",
                condition=Q(kinds__len__gt=0)
                & Q(kinds__contained_by=["video", "visit", "station"]),
            ),
            models.CheckConstraint(
                name="desk_that_receives_has_a_place",
                condition=~Q(kinds__contains=["station"]) | ~Q(place=""),
            ),
        ]

    def __str__(self):
        return self.name


class Shift(models.Model):
    """An officer at a desk. No shift, no slot."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="shifts")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts"
    )
    during = DateTimeRangeField()  # UTC, upper bound exclusive

    class Meta:
        ordering = ["during"]
        indexes = [GistIndex(fields=["desk", "during"], name="shift_at_desk")]
        constraints = [
            ExclusionConstraint(
                name="shift_officer_in_one_place",
                expressions=[
                    ("officer", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="shift_has_a_beginning_and_an_end",
                condition=Q(
                    during__isempty=False, during__lower_inf=False, during__upper_inf=False
                ),
            ),
        ]

    def __str__(self):
        return f"{self.officer} at {self.desk}"
