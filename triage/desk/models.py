"""An online report while it is written, what became of it, and how much came from one address."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from triage.models import Incident
from victimcontact.lib.encryption import EncryptedJSONField
from victimcontact.lib.keys import uuid7


class OnlineReport(models.Model):
    """A report that somebody is writing in their own browser: saved as it goes, soon forgotten.

    Found by a keyed hash of the cookie and by nothing else. Gone when its writer leaves, when it
    has been idle for too long, and some time after it was sent. One that speaks of danger becomes
    an incident even so: then it is ``is_unsent``, and ``sent_at`` is when it was taken up.
    """

    PERSONAL_FIELDS = ("answers",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    force = models.ForeignKey(
        "accounts.Force", on_delete=models.PROTECT, related_name="online_reports"
    )
    key_hash = models.CharField(max_length=64, unique=True)  # of the cookie
    answers = EncryptedJSONField(default=dict)  # {step: {field: [what was typed, …]}}
    step = models.CharField(max_length=20)  # where its writer is
    started_at = models.DateTimeField()
    used_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)  # its writer pressed the way out
    sent_at = models.DateTimeField(null=True)
    is_unsent = models.BooleanField(default=False)
    # One of very many from its writer's address.
    is_crowded = models.BooleanField(default=False)
    # Of the report that its writer did not send, and went on with in this one.
    after = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="+")
    incident = models.OneToOneField(
        Incident, null=True, on_delete=models.PROTECT, related_name="online_report"
    )

    class Meta:
        indexes = [models.Index(fields=["used_at"], name="online_report_used")]
        constraints = [
            models.CheckConstraint(
                name="online_report_sent_is_an_incident",
                condition=Q(sent_at=None, incident=None)
                | Q(sent_at__isnull=False, incident__isnull=False),
            )
        ]


class SentReport(models.Model):
    """What was asked and answered in an online report, as its writer checked and sent it.

    Or, where not ``is_sent``, as they left it: ``sent_at`` is then when the house took it up.
    """

    append_only = True
    PERSONAL_FIELDS = ("answers",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="sent_online")
    answers = EncryptedJSONField()  # [[question, answer], …] in English, in the order asked
    language = models.CharField(max_length=10)  # in which it was read and answered
    started_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    is_sent = models.BooleanField(default=True)
    is_crowded = models.BooleanField(default=False)
    after = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="+")


class AddressCount(models.Model):
    """How often one address did something within a stretch of time, under a keyed hash."""

    name_hash = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_default=Now())
