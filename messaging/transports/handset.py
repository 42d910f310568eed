"""The victim's phone on a page, where there is no provider: development and demonstration only.

Nothing leaves the house: what is "sent" this way is what ``/handset/`` shows.
"""

from messaging.transports import HANDSET_PREFIX, Accepted, Parcel, Way


def ways() -> tuple[Way, ...]:
    """The page itself."""
    return (Way("handset", is_watched=False),)


def send(parcel: Parcel, way: Way) -> Accepted:
    """Deliver at once: the page shows the notification because of the id it is given here."""
    return Accepted(provider_id=f"{HANDSET_PREFIX}{parcel.id}", status="delivered")


def find(parcel: Parcel, since, not_these=()) -> Accepted | None:
    """Nothing exists outside the row: a try that was not settled showed nothing to anybody."""
    return None


def status_of(provider_id: str, sender: str = "") -> Accepted | None:
    """Whatever it took was delivered."""
    return Accepted(provider_id=provider_id, status="delivered")
