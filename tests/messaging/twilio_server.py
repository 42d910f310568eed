"""A small server shaped like Twilio's, for the tests alone: real HTTP, real signatures.

It takes messages, lists them, calls back signed, and can go wrong in the ways the real one can.
``journal`` holds every message it took, so a test can count what a phone would have received.

    with TwilioServer() as twilio:
        settings.TWILIO_API_BASE_URL = twilio.url

Modes, set by ``twilio.mode`` for all requests or ``twilio.once(mode)`` for the next one:
``ok``, ``accept_then_drop`` (takes it, closes without an answer), ``accept_then_hang``,
``accept_then_wait`` (takes it, answers when ``twilio.go_on`` is set),
``hang`` (answers nothing, takes nothing), ``drop`` (closes, takes nothing), ``garbled`` (takes it,
answers nonsense), or a number with an optional Twilio error code such as ``429:20429``, ``500``,
``400:21211``. A hang lasts until the caller goes away or the server stops. ``answer_after`` is how
many seconds it takes to answer a message at all. Any account with the token is served, and
``pace`` is how many messages a second it takes from each sender before it says 429.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

ACCOUNT_SID = "AC" + "0" * 32
SECOND_ACCOUNT_SID = "AC" + "2" * 32
AUTH_TOKEN = "the-tests-own-token"
SENDER = "+447700900999"


def sign(url, params, token=AUTH_TOKEN):
    """The X-Twilio-Signature of a form posted to ``url``; ``params`` is a dict or pairs."""
    pairs = params.items() if isinstance(params, dict) else params
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # many callers begin at once


class TwilioServer:
    """Runs in a thread; give it a port to be found by other processes, or read ``url``."""

    def __init__(self, port=0):
        self.journal = []
        self.mode = "ok"
        self.answer_after = 0.0
        self.pace = None
        self._taken_at = {}
        self._once = deque()
        self._lock = threading.Lock()
        self.took_one = threading.Event()
        self.asked = threading.Event()  # a POST has come in, whatever becomes of it
        self.go_on = threading.Event()
        self.stopping = threading.Event()
        self.lookups = 0
        self._server = _Server(("127.0.0.1", port), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def once(self, *modes):
        """Serve the next requests in these modes, one each, before ``mode`` again."""
        self._once.extend(modes)

    def set_status(self, sid, status, error_code=None):
        """What became of a message, as the list tells it; says nothing to anyone."""
        message = next(message for message in self.journal if message["sid"] == sid)
        message["status"], message["error_code"] = status, error_code
        return message

    def receipt(self, sid, status, error_code=None):
        """The receipt's address and form, as Twilio would post them."""
        message = self.set_status(sid, status, error_code)
        params = {
            "AccountSid": ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "From": message["from"],
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
            "To": message["to"],
        }
        if error_code:
            params["ErrorCode"] = str(error_code)
        return message["status_callback"], params

    def call_back(self, sid, status, error_code=None):
        """Post a signed receipt to the message's StatusCallback. Returns the answer's HTTP code."""
        url, params = self.receipt(sid, status, error_code)
        request = urllib.request.Request(
            url,
            data=urlencode(params).encode(),
            headers={"X-Twilio-Signature": sign(url, params)},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def _is_in_pace(self, sender):
        if self.pace is None:
            return True
        with self._lock:
            now = time.monotonic()
            taken = self._taken_at.setdefault(sender, deque())
            while taken and taken[0] < now - 1:
                taken.popleft()
            taken.append(now)
            return len(taken) <= self.pace

    def _take(self, form):
        now = format_datetime(datetime.now(UTC))
        message = {
            "account_sid": form.get("AccountSid", ACCOUNT_SID),
            "api_version": "2010-04-01",
            "body": form["Body"],
            "date_created": now,
            "date_sent": None,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From", SENDER),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": "SM" + uuid4().hex,
            "status": "queued",
            "subresource_uris": {},
            "to": form["To"],
            "uri": "",
            "status_callback": form.get("StatusCallback"),
            "validity_period": form.get("ValidityPeriod"),
        }
        with self._lock:
            self.journal.append(message)
        self.took_one.set()
        return message

    def _handler(self):
        server = self
        accounts = "|".join((ACCOUNT_SID, SECOND_ACCOUNT_SID))
        path_pattern = re.compile(rf"/2010-04-01/Accounts/({accounts})/Messages(/SM\w+)?\.json")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                """Say nothing: numbers stand in the addresses."""

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
                if not self._may_come_in():
                    return
                mode = server._once.popleft() if server._once else server.mode
                server.asked.set()
                if server.answer_after:
                    time.sleep(server.answer_after)
                if not server._is_in_pace(form.get("From")):
                    mode = "429:20429"
                form["AccountSid"] = path_pattern.fullmatch(urlsplit(self.path).path)[1]
                if mode == "hang":
                    server.stopping.wait()
                elif mode == "drop":
                    self._drop()
                elif mode[0].isdigit():
                    status, _, code = mode.partition(":")
                    self._answer(
                        int(status),
                        {
                            "code": int(code or status),
                            "message": f"refused: {form['To']}",
                            "status": int(status),
                        },
                    )
                elif problem := self._problem(form):
                    self._answer(400, problem)
                else:
                    self._accept(mode, form)

            def _accept(self, mode, form):
                message = server._take(form)
                if mode == "accept_then_drop":
                    self._drop()
                elif mode == "accept_then_hang":
                    server.stopping.wait()
                elif mode == "garbled":
                    self._answer(201, None, b"<html>")
                else:
                    if mode == "accept_then_wait":
                        server.go_on.wait()
                    self._answer(201, message)

            def do_GET(self):
                if not self._may_come_in():
                    return
                sid = path_pattern.fullmatch(urlsplit(self.path).path).group(2)
                if sid:
                    self._answer_one(sid.removeprefix("/"))
                    return
                server.lookups += 1
                asked = parse_qs(urlsplit(self.path).query)
                with server._lock:
                    found = [
                        message
                        for message in reversed(server.journal)
                        if asked.get("To", [message["to"]]) == [message["to"]]
                        and asked.get("From", [message["from"]]) == [message["from"]]
                    ]
                self._answer(
                    200,
                    {
                        "messages": found[: int(asked.get("PageSize", ["50"])[0])],
                        "next_page_uri": None,
                        "page": 0,
                        "page_size": 50,
                    },
                )

            def _answer_one(self, sid):
                found = [message for message in server.journal if message["sid"] == sid]
                if found:
                    self._answer(200, found[0])
                else:
                    self._answer(404, {"code": 20404, "message": "not found", "status": 404})

            def _may_come_in(self):
                asked = path_pattern.fullmatch(urlsplit(self.path).path)
                if not asked:
                    self._answer(404, {"code": 20404, "message": "not found", "status": 404})
                    return False
                credentials = base64.b64encode(f"{asked[1]}:{AUTH_TOKEN}".encode()).decode()
                if self.headers.get("Authorization") != f"Basic {credentials}":
                    self._answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
                    return False
                return True

            def _problem(self, form):
                """The conditions that Twilio's own schema leaves to prose."""
                to, sender = form.get("To", ""), form.get("From", "")
                if not re.fullmatch(r"(whatsapp:)?\+[1-9]\d{6,14}|messenger:\d+", to):
                    return {"code": 21211, "message": "Invalid 'To'", "status": 400}
                if ":" in to and to.partition(":")[0] != sender.partition(":")[0]:
                    return {"code": 63007, "message": "No such channel", "status": 400}
                if not (form.get("From") or form.get("MessagingServiceSid")):
                    return {"code": 21603, "message": "A 'From' is required", "status": 400}
                if not form.get("Body"):
                    return {"code": 21602, "message": "A body is required", "status": 400}
                if not 1 <= int(form.get("ValidityPeriod", 1)) <= 36_000:
                    return {"code": 21723, "message": "Invalid ValidityPeriod", "status": 400}
                return None

            def _answer(self, status, values, body=None):
                body = json.dumps(values).encode() if body is None else body
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _drop(self):
                self.close_connection = True
                self.connection.close()

        return Handler
