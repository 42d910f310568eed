"""The ledger: who did or looked at what, when and why. Appended to, never changed.

Entries have no foreign keys, so nothing that happens to other rows can touch them. At commit a
deferred trigger gives each entry its place in a hash chain (`ChainLink`); see the first migration.
"""

from django.db import models

from victimcontact.lib.keys import uuid7


class Entry(models.Model):
    """One thing done or read. ``detail`` holds identifiers and counts, never personal data."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(max_length=60)  # "appointment.booked"
    actor = models.CharField(max_length=60)  # "user:<uuid>", "visit:<uuid>", "system"
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.CharField(max_length=60, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()  # when it happened, UTC

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["about_type", "about_id", "-at"], name="entry_about"),
            models.Index(fields=["actor", "-at"], name="entry_actor"),
        ]

    def __str__(self):
        return f"{self.type} {self.at:%Y-%m-%d %H:%M}"


class ChainLink(models.Model):
    """An entry's place in the chain. Written by the database alone, at commit."""

    append_only = True
    database_writes = True

    seq = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True)
    prev = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        ordering = ["seq"]


class Head(models.Model):
    """The end of the chain: one row. Export it and keep it elsewhere to find a cut-off tail."""

    append_only = True
    database_writes = True

    one = models.BooleanField(primary_key=True, default=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()
