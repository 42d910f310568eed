"""People as the force knows them, how they may be reached, and the links that let them in."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from victimcontact.lib.encryption import EncryptedJSONField, EncryptedTextField, blind_index
from victimcontact.lib.keys import uuid7
from victimcontact.lib.prepared import Prepared


class Contact(models.Model):
    """A person, reused across incidents once a handler confirmed that it is the same one.

    A shared number alone never joins two people. Number, e-mail, name with date of birth, and
    address are encrypted, and found through the keyed indexes beside them, kept by ``save``.
    """

    PERSONAL_FIELDS = ("name", "date_of_birth", "phone", "email", "address", "needs")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="contacts")
    name = EncryptedTextField(default="", blank=True)
    date_of_birth = EncryptedTextField(default="", blank=True)  # ISO date or empty
    phone = EncryptedTextField(default="", blank=True)  # E.164 or empty
    email = EncryptedTextField(default="", blank=True)
    address = EncryptedTextField(default="", blank=True)
    needs = EncryptedJSONField(default=dict, blank=True)  # interpreter, adaptations, officer
    language = models.CharField(max_length=10, default="en-gb")
    phone_index = models.CharField(max_length=64, blank=True, editable=False)
    email_index = models.CharField(max_length=64, blank=True, editable=False)
    name_and_birth_index = models.CharField(max_length=64, blank=True, editable=False)
    address_index = models.CharField(max_length=64, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from"
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["phone_index"], name="contact_phone"),
            models.Index(fields=["email_index"], name="contact_email"),
            models.Index(fields=["name_and_birth_index"], name="contact_name_birth"),
            models.Index(fields=["address_index"], name="contact_address"),
        ]
        constraints = [
            models.CheckConstraint(
                name="contact_not_merged_into_itself", condition=~Q(merged_into=models.F("id"))
            )
        ]

    def __str__(self):
        return f"Contact {self.pk}"

    def save(self, *args, update_fields=None, **kwargs):
        self.phone_index = blind_index("phone", self.phone)
        self.email_index = blind_index("email", self.email.strip().lower())
        self.address_index = blind_index("address", _plain(self.address))
        self.name_and_birth_index = name_and_birth_index(self.name, self.date_of_birth)
        if update_fields is not None:
            update_fields = {
                *update_fields,
                "phone_index",
                "email_index",
                "address_index",
                "name_and_birth_index",
            }
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def plan(self):
        """The contact plan in force, or None."""
        if "plans" in getattr(self, "_prefetched_objects_cache", ()):  # many were asked for at once
            return next((plan for plan in self.plans.all() if plan.replaced_at is None), None)
        plan = next(iter(_plan_in_force(contact=self.pk)), None)
        if plan is not None:
            plan.contact = self
        return plan


@Prepared
def _plan_in_force(contact):
    return ContactPlan.objects.filter(contact=contact, replaced_at=None).order_by("pk")[:1]


def name_and_birth_index(name: str, born: str) -> str:
    """By what a person of that name, born on that ISO date, is found; empty without both."""
    return blind_index("name and birth", f"{_plain(name)}|{born}") if name and born else ""


def _plain(text):
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


class ContactMerge(models.Model):
    """Two records found to be one person: recorded, and reversible."""

    kept = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField()
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="merge_undone_at_and_by_together",
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
            )
        ]


class ContactPlan(models.Model):
    """How, when and in what words a person may be reached. Asked at sending, not at queueing.

    A change is a new row that replaces the one before. An unknown channel is an unsafe one.
    """

    PERSONAL_FIELDS = ("who_may_answer", "cover_story", "do_not_say", "help_word", "note")

    class Safe(models.TextChoices):
        NOT_ASKED = "not_asked", "Not asked yet: send nothing"
        AS_BELOW = "as_below", "Only as set out below"
        NO_CONTACT = "no_contact", "No contact at all"

    class Wording(models.TextChoices):
        NEUTRAL = "neutral", "Neutral: gives nothing away"
        NAMED = "named", "May name the police"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="plans")
    safe = models.CharField(max_length=10, choices=Safe, default=Safe.NOT_ASKED)
    # {"sms": "safe" | "unsafe"}, and "email", "whatsapp", "messenger", "call"; absent means
    # unknown, and unknown is unsafe.
    channels = models.JSONField(default=dict, blank=True)
    # [{"days": [0..6], "from": "09:00", "to": "17:00"}] on London's clock; empty: at any hour.
    windows = models.JSONField(default=list, blank=True)
    wording = models.CharField(max_length=10, choices=Wording, default=Wording.NEUTRAL)
    phone_watched = models.BooleanField(default=False)
    officer_name_safe = models.BooleanField(default=False)
    who_may_answer = EncryptedTextField(default="", blank=True)
    cover_story = EncryptedTextField(default="", blank=True)
    do_not_say = EncryptedTextField(default="", blank=True)
    note = EncryptedTextField(default="", blank=True)
    # The word that opens a link is hashed: staff set it and cannot read it back.
    opening_word_hash = models.CharField(max_length=200, blank=True, editable=False)
    # The word for help must be known to the officer in the room: encrypted, and another word.
    help_word = EncryptedTextField(default="", blank=True)
    confirmed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=Q(replaced_at=None), name="one_contact_plan_in_force"
            )
        ]


class Link(models.Model):
    """A door, not a key: a random address in a text. Behind it waits the agreed word.

    Only a keyed hash of the token is kept. It lives until ``expires_at`` (24 hours after its
    purpose ends), until it is revoked, or until five wrong words.
    """

    class Purpose(models.TextChoices):
        APPOINTMENT = "appointment", "Appointment"
        PORTAL = "portal", "Case"
        ADVICE = "advice", "Advice"
        COMPANION = "companion", "Companion"

    MOST_TRIES = 5

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=12, choices=Purpose)
    about_id = models.UUIDField()  # the appointment, the case or (advice) the incident
    token_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["purpose", "about_id"], name="link_about")]
        constraints = [
            models.CheckConstraint(name="link_tries_are_limited", condition=Q(wrong_tries__lte=5)),
            models.CheckConstraint(
                name="link_revoked_with_a_reason",
                condition=Q(revoked_at=None, revoked_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_reason="")),
            ),
        ]


class Visit(models.Model):
    """One opening of a link with the right word: the victim's session, bound to one browser."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="visits")
    key_hash = models.CharField(max_length=64, unique=True)  # of the cookie
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=20, blank=True)  # exit, replaced, revoked, expired

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["link"], condition=Q(ended_at=None), name="one_live_visit_a_link"
            )
        ]
