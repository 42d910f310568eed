"""Forces, teams and staff. Victims are not users: see ``people``."""

import time

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from victimcontact.accounts.roles import PERMISSIONS, Role
from victimcontact.lib.encryption import EncryptedTextField
from victimcontact.lib.hashing import keyed_hash
from victimcontact.lib.keys import uuid7


def default_grades():
    """Grade labels and targets, as most forces have them; each force may change its own."""
    return {
        "1": {"label": "Immediate", "target_minutes": 15},
        "2": {"label": "Priority", "target_minutes": 60},
        "3": {"label": "Scheduled", "target_minutes": 2880},
        "4": {"label": "Without deployment", "target_minutes": 1440},
    }


def default_languages():
    return ["en-gb", "cy"]


class Force(models.Model):
    """A police force: everything it may set for itself. Teams, desks, incidents belong to one."""

    class ClockStart(models.TextChoices):
        CALL_ANSWERED = "call_answered", "When the call was answered"
        INCIDENT_CREATED = "incident_created", "When the incident was created"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    reference_prefix = models.CharField(
        max_length=4, help_text="Letters before an incident reference, as in NW-7CK4TQ-H."
    )
    crime_reference_pattern = models.CharField(
        max_length=40,
        default="{prefix}/{number:05d}/{year:02d}",
        help_text="Made from {prefix}, {number} (in the year) and {year}.",
    )
    grades = models.JSONField(default=default_grades)
    clock_start = models.CharField(
        max_length=20, choices=ClockStart, default=ClockStart.INCIDENT_CREATED
    )
    review_after_minutes = models.PositiveSmallIntegerField(default=210)
    review_warn_minutes = models.PositiveSmallIntegerField(default=180)
    hold_minutes = models.PositiveSmallIntegerField(default=10)
    urgent_within_hours = models.PositiveSmallIntegerField(default=24)
    sender = models.CharField(
        max_length=11, blank=True, help_text="Neutral sender of texts; empty for the number."
    )
    contact_number = models.CharField(
        max_length=20, blank=True, help_text="The number a victim may ring, in E.164."
    )
    languages = ArrayField(models.CharField(max_length=10), default=default_languages)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="force_warns_before_a_review_is_late",
                condition=Q(review_warn_minutes__lt=models.F("review_after_minutes")),
            )
        ]

    def __str__(self):
        return self.name

    def grade_label(self, grade: int) -> str:
        return self.grades[str(grade)]["label"]

    def target_minutes(self, grade: int) -> int:
        return self.grades[str(grade)]["target_minutes"]


class FeatureSwitch(models.Model):
    """A part of the product that a force pilots: for all of it, one desk or one crime type."""

    force = models.ForeignKey(Force, on_delete=models.CASCADE, related_name="switches")
    name = models.SlugField()
    desk = models.SlugField(blank=True)
    crime_type = models.SlugField(blank=True)
    is_on = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "feature switches"
        constraints = [
            models.UniqueConstraint(
                fields=["force", "name", "desk", "crime_type"], name="switch_set_once"
            )
        ]

    def __str__(self):
        return f"{self.name}: {'on' if self.is_on else 'off'}"


class Team(models.Model):
    """Staff who work together; work is assigned to a team before a person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey(Force, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["force", "name"], name="team_name_unique_in_force")
        ]

    def __str__(self):
        return self.name


class User(AbstractUser):
    """A member of staff. ``roles`` decides what they may do, ``forces`` where."""

    class Gender(models.TextChoices):
        FEMALE = "female", "Female"
        MALE = "male", "Male"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    roles = ArrayField(models.CharField(max_length=20, choices=Role), default=list, blank=True)
    forces = models.ManyToManyField(Force, related_name="staff", blank=True)
    teams = models.ManyToManyField(Team, related_name="members", blank=True)
    rank = models.CharField(max_length=20, blank=True)  # "PC", "PS"
    collar_number = models.CharField(max_length=10, blank=True)
    gender = models.CharField(max_length=6, choices=Gender, blank=True)
    # Signs in by one click where DEMONSTRATION is on; can never sign in where it is off.
    is_demonstration = models.BooleanField(default=False, editable=False)
    # Sessions begun under a lower number are over. The database raises it, see the migration,
    # whenever roles change or the account is switched off or on; nothing lowers it.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["last_name", "first_name"]

    def __str__(self):
        return self.get_full_name() or self.username

    @property
    def styled_name(self) -> str:
        """ "PC Amara Osei 4417": as a victim may be told it."""
        return " ".join(filter(None, [self.rank, self.get_full_name(), self.collar_number]))

    @property
    def permissions(self) -> frozenset[str]:
        """The named permissions of all this person's roles."""
        return frozenset().union(*(PERMISSIONS[role] for role in self.roles if role in PERMISSIONS))

    def has_perm(self, perm, obj=None):
        """Django's own permissions belong to the administrator's role as a whole."""
        return self.is_active and "admin.use" in self.permissions

    def has_module_perms(self, app_label):
        return self.has_perm("")

    def save(self, *args, **kwargs):
        # Django's own admin asks is_staff; the role is what decides.
        self.is_staff = Role.ADMINISTRATOR in self.roles
        is_new = self._state.adding
        super().save(*args, **kwargs)
        written = kwargs.get("update_fields")
        if not is_new and (written is None or {"roles", "is_active"} & set(written)):
            self.refresh_from_db(fields=["session_epoch"])

    def end_sessions(self):
        """Every session of this person is over, on every machine, from the next request on."""
        User.objects.filter(pk=self.pk).update(session_epoch=F("session_epoch") + 1)

    def _get_session_auth_hash(self, secret=None):
        return salted_hmac(
            "victimcontact.accounts.session",
            f"{self.session_epoch}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class TOTPDevice(TimestampMixin, ThrottlingMixin, Device):
    """An authenticator. django-otp's own keeps the seed in clear; this one encrypts it."""

    seed = EncryptedTextField()  # hexadecimal
    last_t = models.BigIntegerField(default=-1)  # the last time step used: none works twice

    class Meta:
        verbose_name = "authenticator"

    STEP, TOLERANCE = 30, 1

    def get_throttle_factor(self):
        return 1  # seconds; doubles with each wrong code

    def verify_token(self, token):
        """Whether ``token`` is right now, and unused. The caller holds a row lock."""
        if not self.verify_is_allowed()[0]:
            return False
        text = str(token).strip()
        # Exactly six digits: a padded copy of a used code must not pass as a new one.
        if not (text.isascii() and text.isdigit() and len(text) == 6):
            self.throttle_increment()
            return False
        totp = TOTP(bytes.fromhex(self.seed), self.STEP, 0)
        totp.time = time.time()
        for offset in range(-self.TOLERANCE, self.TOLERANCE + 1):
            totp.drift = offset
            if totp.t() > self.last_t and totp.token() == int(text):
                self.last_t = totp.t()
                self.throttle_reset(commit=False)
                self.set_last_used_timestamp(commit=False)
                self.save()
                return True
        self.throttle_increment()
        return False


class RecoveryCode(TimestampMixin, ThrottlingMixin, Device):
    """One-time codes for a lost authenticator, each kept as a keyed hash."""

    hashes = ArrayField(models.CharField(max_length=64), default=list)

    class Meta:
        verbose_name = "recovery codes"
        verbose_name_plural = "recovery codes"

    def get_throttle_factor(self):
        return 1

    def verify_token(self, token):
        """Whether ``token`` is one of the codes; it is spent by this. Caller holds a row lock."""
        if not self.verify_is_allowed()[0]:
            return False
        tried = keyed_hash("recovery-code", str(token).strip().lower().replace(" ", ""))
        if tried in self.hashes:
            self.hashes = [known for known in self.hashes if known != tried]
            self.throttle_reset(commit=False)
            self.set_last_used_timestamp(commit=False)
            self.save()
            return True
        self.throttle_increment()
        return False


class SignInTries(models.Model):
    """Wrong tries of one account or address, under a keyed hash. See ``throttle``."""

    name_hash = models.CharField(max_length=64, primary_key=True)
    wrong = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now())
