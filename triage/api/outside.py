"""The one way to another system's server: its own address, looked up once, and nowhere else.

The name is looked up here and the connection goes to what was found, so that a name cannot mean one
machine when it is checked and another when it is called. No redirect is followed and no proxy of
the environment is used; the whole call has an end, however slowly the other side speaks.
"""

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

# An IPv6 address that a network's translator takes for the IPv4 address in its last four bytes.
TRANSLATED = ip_network("64:ff9b::/96")
CONNECT_SECONDS = 5
LOOK_UP_SECONDS = 5
CALL_SECONDS = 10  # all of it: looking the name up, connecting, the answer
# Names that are looked up at the same time: one that takes for ever holds up a few others at most.
_looking_up = threading.BoundedSemaphore(8)


class NotAllowed(ValueError):
    """Nothing may be sent to this address; the message says why."""


class NoAnswer(Exception):
    """The other side did not answer: ``why`` in a word ("timeout", "refused", "dropped")."""

    def __init__(self, why):
        self.why = why
        super().__init__(why)


def check(address: str) -> None:
    """Raise NotAllowed unless ``address`` may be called, as far as its words say."""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        raise NotAllowed("The port is not a number") from None
    local = settings.ENVIRONMENT == "development"
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise NotAllowed("The address begins with https://")
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise NotAllowed("The address is a host and a path, without a name and password in it")
    if port is not None and not 0 < port < 65536:
        raise NotAllowed("The port is not a number")
    allowed = {host.casefold() for host in settings.WEBHOOK_HOSTS}
    if parts.hostname.casefold() not in allowed and (allowed or settings.PRODUCTION):
        raise NotAllowed("This host is not among WEBHOOK_HOSTS")
    try:
        literal = ip_address(parts.hostname)
    except ValueError:
        return
    _check_machine(literal)


def call(address: str, body: bytes, headers: dict) -> int:
    """POST ``body`` and return the status of the answer, whose words nobody reads.

    Raises NotAllowed and NoAnswer.
    """
    check(address)
    ends = time.monotonic() + CALL_SECONDS
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    machine = _look_up(parts.hostname, port)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.hostname, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=CONNECT_SECONDS)
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    return _call(connection, machine, path, body, headers, ends=ends)


def _call(connection, machine, path, body, headers, *, ends):
    # A time limit of the socket begins anew with each byte: this one does not.
    late = threading.Event()
    lines = []

    def connect(_, *rest):
        # The name stays for the certificate and the Host header; we go where we looked.
        made = socket.create_connection(machine, *rest)
        # A second handle of the line: TLS takes the first away, and may never come to its end.
        lines.append(made.dup())
        if late.is_set():
            made.close()
            raise TimeoutError
        return made

    def end():
        late.set()
        for line in lines:
            with contextlib.suppress(OSError):  # closed already
                line.shutdown(socket.SHUT_RDWR)

    connection._create_connection = connect

    timer = threading.Timer(max(0.0, ends - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except TimeoutError:
        raise NoAnswer("timeout") from None
    except ConnectionRefusedError:
        raise NoAnswer("refused") from None
    except ssl.SSLError:
        raise NoAnswer("timeout" if late.is_set() else "certificate") from None
    except (OSError, http.client.HTTPException):
        raise NoAnswer("timeout" if late.is_set() else "dropped") from None
    finally:
        timer.cancel()
        connection.close()
        for line in lines:
            line.close()


def _look_up(host, port):
    found = _ask_for(host, port)
    machines = [where[:2] for *_, where in found]
    for machine, _ in machines:
        _check_machine(ip_address(machine.partition("%")[0]))
    return machines[0]


def _ask_for(host, port):
    # The system's resolver knows no time limit: a thread waits for it, and we for no thread.
    places = _looking_up
    if not places.acquire(timeout=LOOK_UP_SECONDS):
        raise NoAnswer("timeout")
    answers = queue.SimpleQueue()

    def ask():
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception:  # whatever it was, nobody waits for it in vain
            answers.put(None)
        finally:
            places.release()

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        found = answers.get(timeout=LOOK_UP_SECONDS)
    except queue.Empty:
        raise NoAnswer("timeout") from None
    if not found:
        raise NoAnswer("no such host")
    return found


def _check_machine(address):
    if settings.ENVIRONMENT == "development":
        return
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    if address.version == 6 and address in TRANSLATED:
        inner = ip_address(int(address) & 0xFFFFFFFF)
    if not (address.is_global and inner.is_global) or address.is_multicast:
        raise NotAllowed("This address is not on the open network")
