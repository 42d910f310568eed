"""Texts through Twilio.

Twilio has no idempotency key: a try whose answer was lost is looked up in its list of messages
before there is another. The library neither times out nor retries by itself; the time limit is set
here, and retrying belongs to ``messaging.sending``.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from requests import exceptions as http
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from messaging.transports import Accepted, Parcel, Refused, TryLater, Unknown, Way
from messaging.transports.twilio_words import OPTED_OUT, TWILIO_STATUS

TIMEOUT_SECONDS = 10
# Refused before the message was taken; these may pass later. All other answers below 500 are final.
PASSING_HTTP = {401, 403, 429, 503}  # our credentials or our pace: not this message's fault
# Twilio stops trying to deliver after this many seconds; its own limits are 1 and 36,000.
SHORTEST_VALID, LONGEST_VALID = 1, 36_000
CLOCKS_APART = timedelta(minutes=2)  # how far its clock may be from ours
NO_CLEAR_ANSWER = (TwilioException, http.RequestException, ValueError, KeyError, TypeError)

# At INFO the first writes the number and the words, at DEBUG the second writes addresses.
for _name in ("twilio.http_client", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def is_configured() -> bool:
    """Whether there are credentials to send with."""
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN)


@dataclass(frozen=True, slots=True)
class Account:
    """An account at Twilio, and which sender of it texts come from."""

    name: str
    sid: str
    token: str
    number: str
    service: str
    base_url: str


def accounts() -> tuple[Account, ...]:
    """The first sender, and the second where one is set."""
    first = Account(
        "first",
        settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_AUTH_TOKEN,
        settings.TWILIO_FROM,
        settings.TWILIO_MESSAGING_SERVICE_SID,
        settings.TWILIO_API_BASE_URL,
    )
    number, service = settings.TWILIO_SECOND_FROM, settings.TWILIO_SECOND_MESSAGING_SERVICE_SID
    if not (number or service):
        return (first,)
    second = Account(
        "second",
        settings.TWILIO_SECOND_ACCOUNT_SID or first.sid,
        settings.TWILIO_SECOND_AUTH_TOKEN or first.token,
        number,
        service,
        settings.TWILIO_SECOND_API_BASE_URL or first.base_url,
    )
    return (first, second)


def ways() -> tuple[Way, ...]:
    """Each sender, at the pace that was agreed for one."""
    return tuple(
        Way(account.name, per_second=settings.TWILIO_PER_SECOND, has_receipts=True)
        for account in accounts()
    )


def client(account: Account | None = None) -> Client:
    """This thread's client of an account (the first), with a time limit; kept for its pool."""
    account = account or accounts()[0]
    return _client(threading.get_ident(), account.sid, account.token, account.base_url)


def _named(name):
    return next((account for account in accounts() if account.name == name), accounts()[0])


@lru_cache
def _client(_thread, account_sid, auth_token, base_url):
    # One for each thread: the library keeps the last answer on its HTTP client and returns it from
    # there, so two threads that share one can be given each other's answers.
    # Of the environment nothing is taken: TWILIO_EDGE or TWILIO_REGION would rewrite the host.
    # (An empty mapping would mean "the real one" to the library.)
    made = Client(
        account_sid,
        auth_token,
        http_client=TwilioHttpClient(timeout=TIMEOUT_SECONDS),
        environment={"TWILIO_EDGE": "", "TWILIO_REGION": ""},
    )
    if base_url:
        made.api.base_url = base_url
    return made


def callback_url(notification_id) -> str:
    """Where Twilio reports on this message: the opaque id is all that it says."""
    return f"{settings.PUBLIC_URL}/webhooks/twilio/status/{notification_id}/"


def send(parcel: Parcel, way: Way) -> Accepted:
    """Hand one text to Twilio. Waits at most ten seconds for each step of the answer."""
    account = _named(way.name)
    is_text = ":" not in parcel.to
    if account.service and is_text:
        options = {"messaging_service_sid": account.service}
    else:
        # On WhatsApp and Messenger an answer comes from the address that was written to.
        options = {"from_": parcel.sender or account.number}
    if parcel.valid_seconds is not None and is_text:
        options["validity_period"] = min(max(parcel.valid_seconds, SHORTEST_VALID), LONGEST_VALID)
    try:
        message = client(account).messages.create(
            to=parcel.to, body=parcel.body, status_callback=callback_url(parcel.id), **options
        )
    except (TwilioRestException, TwilioServiceException) as error:
        raise _failure(error) from None
    except http.RequestException as error:
        raise _network_failure(error) from None
    except NO_CLEAR_ANSWER:
        # A good status with an answer nobody can read: it may well have been taken.
        raise Unknown("unreadable") from None
    return _accepted(message)


def find(parcel: Parcel, since: datetime, not_these=()) -> Accepted | None:
    """Look for this text among those Twilio has taken for the number since ``since``.

    Every account is asked: an earlier try may have gone by the other. ``not_these`` holds the ids
    known to belong to other notifications. None when it is not there. Raises TryLater when one
    cannot be asked.
    """
    asked = {(account.sid, account.base_url): account for account in accounts()}
    for account in asked.values():
        found = _find(account, parcel, since, not_these)
        if found is not None:
            return found
    return None


def _find(account, parcel, since, not_these):
    try:
        # Not date_sent_after: a text that still waits in Twilio's queue has no date of sending.
        for message in client(account).messages.list(to=parcel.to, page_size=100, limit=400):
            if message.date_created and message.date_created < since - CLOCKS_APART:
                continue  # the list is ordered by another date
            if message.body == parcel.body and message.sid not in not_these:
                return _accepted(message)
    except NO_CLEAR_ANSWER:
        # A page that was refused is a plain TwilioException, with the answer in its words.
        raise TryLater("no-list") from None
    return None


def status_of(provider_id: str, sender: str = "") -> Accepted | None:
    """What has become of a message that ``sender`` took; None when it cannot be asked now."""
    try:
        return _accepted(client(_named(sender)).messages(provider_id).fetch())
    except NO_CLEAR_ANSWER:
        return None


def _accepted(message) -> Accepted:
    if not message.sid:
        raise Unknown("no-sid")
    return Accepted(
        provider_id=message.sid,
        status=TWILIO_STATUS.get(message.status, "sent"),
        error_code=str(message.error_code or ""),
    )


def _failure(error):
    code = str(error.code or error.status)
    if error.status in PASSING_HTTP and code not in OPTED_OUT:
        return TryLater(code, too_fast=error.status == 429)
    if error.status == 408 or error.status >= 500:
        # A server that failed half way may have taken the message first.
        return Unknown(code)
    return Refused(code, opted_out=code in OPTED_OUT)


def _network_failure(error):
    """A connection that was never made carried nothing; anything later may have."""
    if isinstance(error, http.ConnectTimeout):
        return TryLater("no-connection")
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return TryLater("no-connection")
    return Unknown("timeout" if isinstance(error, http.Timeout) else "connection-lost")
