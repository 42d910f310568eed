"""The last step out of the house: one module for each way, all with the same face.

``ways() -> tuple[Way, ...]`` names the senders there, the preferred one first.
``send(parcel, way) -> Accepted`` hands one message over or raises Refused, TryLater or Unknown.
``find(parcel, since, not_these) -> Accepted | None`` asks whether an earlier try arrived after all,
``status_of(provider_id, sender) -> Accepted | None`` what has become of one that did.
Only ``messaging.sending`` and what it calls know them: the contact plan is asked there first.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

# How the ids begin of what only the handset shows.
HANDSET_PREFIX = "handset-"


def is_handset_allowed() -> bool:
    """Whether this house may pretend to have sent something. Never in production."""
    return settings.DEMONSTRATION and not settings.PRODUCTION


@dataclass(frozen=True, slots=True)
class Way:
    """One sender at a provider. ``per_second`` is its agreed pace, None where nobody counts.

    ``has_receipts``: what becomes of a message is told afterwards.
    """

    name: str
    per_second: float | None = None
    has_receipts: bool = False
    is_watched: bool = True  # its failures are counted; the handset has none


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as it leaves: exact words, exact address.

    ``valid_seconds`` is how long it is of use, and safe, to deliver it; None for no limit.
    """

    id: UUID  # the Notification's own, opaque to everyone else
    to: str
    body: str
    subject: str = ""
    language: str = "en-gb"
    sender: str = ""  # the force's neutral name; empty for the number
    valid_seconds: int | None = None
    calendar: str = ""  # an iCalendar file to go with an e-mail; empty for none


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it. ``status`` is one of the house's own: sent, delivered or undelivered."""

    provider_id: str
    status: str
    error_code: str = ""


class Failure(Exception):
    """Why a try did not end in acceptance. ``code`` is short and holds no personal data."""

    def __init__(self, code: str):
        self.code = str(code)
        super().__init__(self.code)


class Refused(Failure):
    """Not accepted and never will be; ``opted_out`` when the person asked for no more texts."""

    def __init__(self, code: str, *, opted_out: bool = False):
        super().__init__(code)
        self.opted_out = opted_out


class TryLater(Failure):
    """Certainly not accepted, but another try may be.

    ``too_fast``: the provider asks for a slower pace; else the way itself is in trouble, and
    another may be taken at once.
    """

    def __init__(self, code: str, *, too_fast: bool = False):
        super().__init__(code)
        self.too_fast = too_fast


class Unknown(Failure):
    """Perhaps accepted: look before trying again."""
