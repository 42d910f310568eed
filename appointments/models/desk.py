"""Desks and who sits at them."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from victimcontact.lib.keys import uuid7


class Desk(models.Model):
    """A team of officers who see people by video, with its own hours and kinds of incident."""

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
