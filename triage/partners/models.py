"""Partner agencies, what an incident was referred for, and what was done about hidden demand."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from triage.models import Trace
from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.keys import uuid7


class AgencyKind(models.TextChoices):
    """What an agency is for. Times and grounds of each: ``data/agencies.toml``."""

    ADULT_SOCIAL_CARE = "adult_social_care", "Adult social care"
    CHILDREN_SOCIAL_CARE = "children_social_care", "Children's social care"
    NRM_FIRST_RESPONDER = "nrm_first_responder", "National Referral Mechanism first responder"
    HOUSING = "housing", "Housing"
    MENTAL_HEALTH_CRISIS = "mental_health_crisis", "Mental health crisis team"
    DOMESTIC_ABUSE_SERVICE = "domestic_abuse_service", "Domestic abuse service"
    MARAC = "marac", "MARAC, high-risk domestic abuse"
    COMMUNITY_SAFETY = "community_safety", "Community safety partnership"
    MISSING_PEOPLE = "missing_people", "Missing people's team"
    FIRE_SERVICE = "fire_service", "Fire service"
    AMBULANCE = "ambulance", "Ambulance service"


class PartnerAgency(models.Model):
    """An organisation that a force refers people to. Its ways of contact are no person's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="agencies")
    kind = models.CharField(max_length=30, choices=AgencyKind)
    name = models.CharField(max_length=120)
    telephone = models.CharField(
        max_length=40, blank=True, help_text="Of the organisation's desk, not of a person."
    )
    out_of_hours = models.CharField("telephone at night", max_length=40, blank=True)
    portal = models.URLField(blank=True, help_text="Where its own form stands.")
    email = models.EmailField(
        blank=True, help_text="A shared, secure box. Nothing is sent to it by this system."
    )
    notes = models.TextField(
        blank=True, max_length=1000, help_text="Hours, area, what it takes and what it does not."
    )
    is_active = models.BooleanField(default=True, help_text="Offered when somebody refers.")

    class Meta:
        verbose_name = "partner agency"
        verbose_name_plural = "partner agencies"
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["force", "name"], name="agency_named_once_in_a_force"),
            models.CheckConstraint(
                name="agency_can_be_reached",
                condition=~Q(telephone="", portal="", email=""),
                violation_error_message="Give a telephone number, a portal or an e-mail address.",
            ),
        ]

    def __str__(self):
        return self.name


class Referral(models.Model):
    """An incident referred to an agency, and followed until it answers.

    What became of it step by step is in its ``moves``, which nobody changes.
    """

    PERSONAL_FIELDS = ("asked", "told_about_consent")

    class Status(models.TextChoices):
        MADE = "made", "Made"
        RECEIVED = "received", "Received"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Way(models.TextChoices):
        TELEPHONE = "telephone", "By telephone"
        PORTAL = "portal", "In the agency's portal"
        EMAIL = "email", "By e-mail, with the form attached"
        IN_PERSON = "in_person", "In person"

    class Consent(models.TextChoices):
        GIVEN = "given", "They agreed"
        REFUSED = "refused", "They did not agree"
        NOT_ASKED = "not_asked", "They could not be asked"

    TRANSITIONS = {
        "": {Status.MADE},
        Status.MADE: {Status.RECEIVED, Status.DECLINED, Status.WITHDRAWN},
        Status.RECEIVED: {Status.ANSWERED, Status.DECLINED, Status.WITHDRAWN},
        Status.ANSWERED: set(),
        Status.DECLINED: set(),
        Status.WITHDRAWN: set(),
    }
    OPEN = (Status.MADE, Status.RECEIVED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="referrals")
    incident = models.ForeignKey(
        "triage.Incident", on_delete=models.PROTECT, related_name="referrals"
    )
    agency = models.ForeignKey(PartnerAgency, on_delete=models.PROTECT, related_name="referrals")
    card = models.SlugField(blank=True)  # of hidden_demand.toml; empty for any other concern
    status = models.CharField(max_length=10, choices=Status, default=Status.MADE)
    way = models.CharField(max_length=10, choices=Way)
    asked = EncryptedTextField()  # what the agency was told, and what it is asked to do
    consent = models.CharField(max_length=10, choices=Consent)
    ground = models.SlugField(blank=True)  # why without consent: a reason of agencies.toml
    told_about_consent = EncryptedTextField(default="", blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="referrals_made"
    )
    received_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # receipt, then answer; null once settled
    chase_at = models.DateTimeField(null=True)  # when somebody is next asked to chase
    settled_at = models.DateTimeField(null=True)
    key = models.UUIDField(editable=False)  # of the form: sent twice, made once

    class Meta:
        indexes = [
            models.Index(
                fields=["force", "due_at"], condition=Q(settled_at=None), name="referral_open"
            ),
            models.Index(fields=["force", "-made_at", "-id"], name="referral_history"),
            models.Index(
                fields=["chase_at"], condition=Q(settled_at=None), name="referral_to_chase"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="referral_clocks_as_its_status",
                condition=Q(
                    status="made",
                    received_at=None,
                    settled_at=None,
                    due_at__isnull=False,
                    chase_at__isnull=False,
                )
                | Q(
                    status="received",
                    received_at__isnull=False,
                    settled_at=None,
                    due_at__isnull=False,
                    chase_at__isnull=False,
                )
                | Q(
                    status="answered",
                    received_at__isnull=False,
                    settled_at__isnull=False,
                    due_at=None,
                    chase_at=None,
                )
                | Q(
                    status__in=["declined", "withdrawn"],
                    settled_at__isnull=False,
                    due_at=None,
                    chase_at=None,
                ),
            ),
            models.CheckConstraint(
                name="referral_consent_or_a_ground",
                condition=Q(consent="given", ground="")
                | (Q(consent__in=["refused", "not_asked"]) & ~Q(ground="")),
            ),
            models.UniqueConstraint(
                fields=["incident", "agency"],
                condition=Q(settled_at=None),
                name="referral_open_once_to_an_agency",
            ),
            models.UniqueConstraint(fields=["incident", "key"], name="referral_form_used_once"),
        ]

    def __str__(self):
        return f"Referral {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


def _may_move():
    """Which pairs (before, after) a move may have: those of TRANSITIONS, and a chase."""
    pairs = Q(before=F("after"), after__in=["made", "received"])
    for before, afters in Referral.TRANSITIONS.items():
        if afters:
            pairs |= Q(before=str(before), after__in=sorted(str(after) for after in afters))
    return pairs


class ReferralMove(models.Model):
    """One thing that happened to a referral: it moved on, or was chased. Never changed."""

    append_only = True
    PERSONAL_FIELDS = ("note",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="moves")
    number = models.PositiveSmallIntegerField()
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10, choices=Referral.Status)
    note = EncryptedTextField(default="", blank=True)
    has_note = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["referral", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "number"], name="referral_move_numbered_once"
            ),
            models.CheckConstraint(name="referral_moves_as_the_table_says", condition=_may_move()),
            models.CheckConstraint(
                name="referral_settled_with_a_note",
                condition=Q(after__in=["made", "received"]) & ~Q(before=F("after"))
                | Q(has_note=True),
            ),
        ]

    @property
    def is_chase(self) -> bool:
        return self.before == self.after


class CardTick(models.Model):
    """A handler asked for a card that the engine did not raise, or took it away again."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(
        "triage.Incident", on_delete=models.PROTECT, related_name="card_ticks"
    )
    card = models.SlugField()
    is_on = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "id"]


class StepTaken(models.Model):
    """A step of a card, done or not done because. The latest of a step stands; none is changed."""

    append_only = True
    PERSONAL_FIELDS = ("because",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(
        "triage.Incident", on_delete=models.PROTECT, related_name="steps_taken"
    )
    card = models.SlugField()
    step = models.SlugField()
    words = models.CharField(max_length=200)  # of the step, as they stood then
    version = models.CharField(max_length=20)  # of the cards
    is_done = models.BooleanField()
    because = EncryptedTextField(default="", blank=True)
    has_because = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="step_not_done_says_why", condition=Q(is_done=True) | Q(has_because=True)
            )
        ]


class Repeat(models.Model):
    """A number, person or address that calls again and again, and until when that counts.

    ``week_until`` is when the reports of the last 7 days fall below their threshold again if
    nothing more comes: later than now means a repeat now. Likewise for a month and for a year,
    which counts domestic abuse alone. Kept by ``repeats.count``.
    """

    key = models.UUIDField(primary_key=True, editable=False)  # of triage.Trace: of one force
    kind = models.CharField(max_length=7, choices=Trace.Kind)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="repeats")
    latest = models.ForeignKey("triage.Incident", on_delete=models.PROTECT, related_name="+")
    latest_at = models.DateTimeField()
    week_until = models.DateTimeField(null=True)
    month_until = models.DateTimeField(null=True)
    year_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["force", "week_until"], name="repeat_week"),
            models.Index(fields=["force", "month_until"], name="repeat_month"),
            models.Index(fields=["force", "year_until"], name="repeat_year"),
        ]


class ToCount(models.Model):
    """An incident that was assessed and whose repeats are still to be counted."""

    incident = models.ForeignKey("triage.Incident", on_delete=models.PROTECT, related_name="+")
