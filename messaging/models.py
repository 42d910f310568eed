"""What the house sends, what it received, what people wrote to each other, what staff must do.

A Notification is what the outbox sends; a Message is what people say.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from victimcontact.lib.encryption import EncryptedJSONField, EncryptedTextField, blind_index
from victimcontact.lib.keys import uuid7


class Channel(models.TextChoices):
    SMS = "sms", "Text"
    EMAIL = "email", "E-mail"
    WHATSAPP = "whatsapp", "WhatsApp"
    MESSENGER = "messenger", "Messenger"


# These carry what people say to each other, for a day after the person's own last words. Notices
# go by the others.
SOCIAL = (Channel.WHATSAPP, Channel.MESSENGER)
NOTICES = (Channel.SMS, Channel.EMAIL)


class Template(models.Model):
    """Wording that an administrator put in place of the file of the same name."""

    force = models.ForeignKey(
        "accounts.Force", null=True, blank=True, on_delete=models.PROTECT, related_name="templates"
    )
    name = models.SlugField()  # "appointment_booked"
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.SMS)
    language = models.CharField(max_length=10, default="en-gb")
    subject = models.CharField(max_length=100, blank=True)
    body = models.TextField()
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "channel", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["force", "name", "channel", "language"],
                name="template_worded_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self):
        return f"{self.name} ({self.channel}, {self.language})"


class TemplateVersion(models.Model):
    """Wording as it was from ``saved_at`` on. What was sent is besides kept word for word."""

    append_only = True

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=100, blank=True)
    body = models.TextField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"], name="template_version_numbered_once"
            )
        ]

    def __str__(self):
        return f"{self.template}, version {self.number}"


class Account(models.Model):
    """Somebody on WhatsApp or Messenger, by the address that they write from.

    Whoever holds an account is not proved by it: ``contact`` is who they were taken for.
    """

    PERSONAL_FIELDS = ("address",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(max_length=10, choices=[(each, each.label) for each in SOCIAL])
    address = EncryptedTextField()  # "whatsapp:+44…", "messenger:…", as the provider writes it
    address_index = models.CharField(max_length=64, editable=False)
    written_to = models.CharField(max_length=60)  # which address of ours: answers come from it
    contact = models.ForeignKey(
        "people.Contact", null=True, on_delete=models.PROTECT, related_name="accounts"
    )
    first_heard_at = models.DateTimeField()
    last_heard_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address_index", "written_to"], name="account_kept_once"
            )
        ]

    def __str__(self):
        return f"{self.get_channel_display()} {self.pk}"

    def save(self, *args, **kwargs):
        self.address_index = blind_index("account", self.address)
        super().save(*args, **kwargs)


class Notification(models.Model):
    """One text or e-mail, written in the transaction of what it tells. The row is the truth.

    A worker claims it, asks the contact plan, calls the provider outside any transaction and
    settles it. The exact words are kept, encrypted.
    """

    PERSONAL_FIELDS = ("subject", "body", "sent_to", "context")

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        UNCERTAIN = "uncertain", "May have been sent: checking"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        UNDELIVERED = "undelivered", "Not delivered"
        FAILED = "failed", "Could not be sent"
        HELD = "held", "Held back: not safe to send"
        DROPPED = "dropped", "Dropped: too late to be useful"

    # Where a status may go. A receipt that would go backwards changes nothing.
    TRANSITIONS = {
        Status.QUEUED: {
            Status.SENDING,
            Status.HELD,
            Status.DROPPED,
            Status.FAILED,
            # A receipt for what was put back in the queue proves that it had been sent after all.
            Status.SENT,
            Status.DELIVERED,
            Status.UNDELIVERED,
        },
        Status.SENDING: {
            Status.QUEUED,
            Status.SENT,
            Status.DELIVERED,
            Status.UNDELIVERED,
            Status.UNCERTAIN,
            Status.FAILED,
            Status.HELD,
            Status.DROPPED,
        },
        Status.UNCERTAIN: {
            Status.QUEUED,
            Status.SENT,
            Status.DELIVERED,
            Status.UNDELIVERED,
            Status.FAILED,
            Status.DROPPED,
        },
        Status.SENT: {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED},
        Status.DELIVERED: set(),
        Status.UNDELIVERED: {Status.DELIVERED},
        Status.FAILED: set(),
        Status.HELD: {Status.QUEUED, Status.DROPPED},
        Status.DROPPED: set(),
    }
    OPEN = (Status.QUEUED, Status.SENDING, Status.UNCERTAIN)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Every text is written three times, so it stands in no index that nobody asks.
    force = models.ForeignKey(
        "accounts.Force", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # A person suspected is never a Contact (see triage.Participant): nothing can be sent to one.
    contact = models.ForeignKey(
        "people.Contact", on_delete=models.PROTECT, related_name="notifications"
    )
    template = models.SlugField(db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    # Where it goes on WhatsApp or Messenger: to the account that wrote, and to no other.
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="notifications"
    )
    language = models.CharField(max_length=10, default="en-gb")
    subject = EncryptedTextField(default="", blank=True)
    body = EncryptedTextField()
    sent_to = EncryptedTextField(default="", blank=True)  # the address used, once claimed
    sender = models.CharField(max_length=20, blank=True)  # name of the Sender of the last try
    # What the words were filled with, so that another channel can say the same.
    context = EncryptedJSONField(default=dict, blank=True)
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.UUIDField(null=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    not_before = models.DateTimeField(null=True)
    useful_until = models.DateTimeField(null=True)
    needed_by = models.DateTimeField(null=True)  # when it must be known to have arrived
    # When the watch looks whether it is decided; None where there is nothing left to wait for.
    look_at = models.DateTimeField(null=True)
    # What this one is sent in place of, by another channel: nobody is tried twice by one.
    instead_of = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=60, blank=True)
    provider_id = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=20, blank=True)
    held_reason = models.CharField(max_length=60, blank=True)
    queued_at = models.DateTimeField()
    queued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Only open work is indexed: a million sent rows cost the empty poll nothing.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status__in=["queued", "sending", "uncertain"]),
                name="notification_due",
            ),
            # The watch asks after what is not decided: few, and soon decided.
            models.Index(
                fields=["look_at"],
                condition=Q(look_at__isnull=False),
                name="notification_to_look_at",
            ),
            models.Index(fields=["about_type", "about_id"], name="notification_about"),
            models.Index(
                fields=["provider_id"], condition=~Q(provider_id=""), name="notification_provider"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="notification_claimed_while_sending",
                condition=~Q(status="sending") | Q(claimed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="notification_held_with_a_reason",
                condition=~Q(status="held") | ~Q(held_reason=""),
            ),
            models.CheckConstraint(
                name="notification_social_to_an_account",
                condition=Q(channel__in=["whatsapp", "messenger"], account__isnull=False)
                | (~Q(channel__in=["whatsapp", "messenger"]) & Q(account=None)),
            ),
        ]


class Sender(models.Model):
    """One way out at a provider: its pace and its health, shared by every worker."""

    name = models.CharField(max_length=20, primary_key=True)  # "first", "second", "mail"
    # When the pace lets the next one go.
    next_free_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    # While this lies ahead nothing goes this way if there is another; then one goes to try it.
    shut_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=20, blank=True)
    last_failed_at = models.DateTimeField(null=True)
    last_answered_at = models.DateTimeField(null=True)

    def __str__(self):
        return self.name


class Proof(models.Model):
    """One run of a reconciliation: how much it looked at, and where the books differ."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(max_length=40)  # "bookings"
    ran_at = models.DateTimeField()
    looked_at = models.JSONField(default=dict)  # {"bookings": 120, "notices": 260}
    differences = models.JSONField(default=list)  # [{"what": …, "about": "app.model", "id": …}]
    difference_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["name", "-ran_at"], name="proof_latest")]


class Receipt(models.Model):
    """What a provider said of a notification; late, twice or out of order, each kept once."""

    append_only = True

    notification = models.ForeignKey(
        Notification, on_delete=models.PROTECT, related_name="receipts"
    )
    provider_status = models.CharField(max_length=20)
    error_code = models.CharField(max_length=20, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "provider_status", "error_code"], name="receipt_kept_once"
            )
        ]


class InboundText(models.Model):
    """What came in by a phone: stored once, unverified, changes nothing by itself."""

    PERSONAL_FIELDS = ("sent_from", "body", "media")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider_id = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.SMS)
    contact = models.ForeignKey(
        "people.Contact", null=True, on_delete=models.PROTECT, related_name="inbound_texts"
    )
    # Set where a person said whose it is, or that it is nobody's of those who have the number.
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="inbound_texts"
    )
    sent_from = EncryptedTextField()
    body = EncryptedTextField()
    # [{"type": "image/jpeg", "at": address}] of what came with it. Nothing of it is fetched.
    media = EncryptedJSONField(default=list, blank=True)
    received_at = models.DateTimeField()
    # None until the house has acted on it; the sweep finds what broke half way.
    heard_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(heard_at=None), name="inbound_not_heard"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="inbound_settled_at_and_by_together",
                condition=Q(settled_at=None, settled_by=None)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
            )
        ]


class Conversation(models.Model):
    """What a victim and the officer in charge write to each other about one case."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="+")
    contact = models.ForeignKey(
        "people.Contact", on_delete=models.PROTECT, related_name="conversations"
    )
    about_type = models.CharField(max_length=60)
    about_id = models.UUIDField()
    opened_at = models.DateTimeField()
    victim_read_at = models.DateTimeField(null=True)
    staff_read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "about_type", "about_id"], name="conversation_opened_once"
            )
        ]


class Message(models.Model):
    """One thing said. Part of the case record: never edited, never unsent."""

    append_only = True
    PERSONAL_FIELDS = ("body",)

    class Author(models.TextChoices):
        VICTIM = "victim", "Victim"
        STAFF = "staff", "Staff"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages"
    )
    author = models.CharField(max_length=6, choices=Author)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    body = EncryptedTextField()
    # Made by the form: the same form sent twice says it once.
    idempotency_key = models.UUIDField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["sent_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "idempotency_key"], name="message_said_once"
            ),
            models.CheckConstraint(
                name="message_staff_exactly_when_from_staff",
                condition=Q(author="staff", staff__isnull=False)
                | Q(author="victim", staff__isnull=True),
            ),
        ]


class StaffTask(models.Model):
    """Something that a person must do because the house may not, or could not."""

    class Kind(models.TextChoices):
        TEXT_HELD = "text_held", "A text was held back"
        TEXT_FAILED = "text_failed", "A text did not arrive"
        TEXT_DROPPED = "text_dropped", "A text was too late to send"
        LINK_LOCKED = "link_locked", "A link was locked after wrong words"
        CHANGE_ASKED = "change_asked", "The victim asked for a change"
        REVIEW_LATE = "review_late", "A review is late"
        TEXT_RECEIVED = "text_received", "A text came in"
        STOP_RECEIVED = "stop_received", "The victim asked for texts to stop"
        MISSED = "missed", "An appointment was missed"
        CALL_BACK = "call_back", "Ring the victim"
        REFERRAL_LATE = "referral_late", "A partner agency has not answered"
        SYSTEM_SILENT = "system_silent", "Another system takes no news"
        GRADE_RAISED = "grade_raised", "More urgent than before: start the response"
        TEXT_UNSURE = "text_unsure", "Whose text is this?"
        TEXT_DANGER = "text_danger", "A text speaks of danger"
        MEDIA_LEFT = "media_left", "A picture or file was not fetched"
        FLOOD = "flood", "Far more came in than usual"
        BOOKS_DIFFER = "books_differ", "A booking and its texts differ"
        RING_INSTEAD = "ring_instead", "Ring instead of video"
        ATTEMPT_DUE = "attempt_due", "Try again to reach somebody who was missed"
        NOT_REACHED = "not_reached", "Nobody was reached: a team leader decides"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey("accounts.Force", on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=20, choices=Kind)
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.UUIDField(null=True)
    notification = models.ForeignKey(
        Notification, null=True, on_delete=models.PROTECT, related_name="tasks"
    )
    reason = models.CharField(max_length=200)  # no personal data: it stands in lists
    raised_at = models.DateTimeField()
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    done_at = models.DateTimeField(null=True)
    done_note = EncryptedTextField(default="", blank=True)
    # The house took it back: what it asked for came about by itself, and nobody did it.
    withdrawn = models.BooleanField(default=False)

    PERSONAL_FIELDS = ("done_note",)

    class Meta:
        ordering = ["raised_at"]
        indexes = [
            models.Index(fields=["force", "raised_at"], condition=Q(done_at=None), name="task_open")
        ]
        constraints = [
            models.CheckConstraint(
                name="task_done_at_and_by_together",
                condition=Q(done_at=None, done_by=None, withdrawn=False)
                | Q(done_at__isnull=False, done_by__isnull=False, withdrawn=False)
                | Q(done_at__isnull=False, done_by=None, withdrawn=True),
            ),
            models.CheckConstraint(
                name="task_taken_at_and_by_together",
                condition=Q(taken_at=None, taken_by=None)
                | Q(taken_at__isnull=False, taken_by__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["kind", "notification"],
                condition=Q(notification__isnull=False) & Q(done_at=None),
                name="task_raised_once_for_a_notification",
            ),
        ]
