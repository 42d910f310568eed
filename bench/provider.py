"""A Twilio-shaped server that costs little: one thread, answers after a delay, remembers.

The tests' own server gives each connection a thread, which on two cores would itself be what is
measured.
"""

import asyncio
import contextlib
import json
import sys
import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

journal = []
delay = 0.0


def run():
    """Answer questions from standard input, one line each, while messages come in."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    found = {}

    async def serve():
        server = await asyncio.start_server(_talk, "127.0.0.1", 0, backlog=256)
        found["url"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True).start()
    ready.wait()
    global delay
    for line in sys.stdin:
        name, *rest = line.split()
        told = {}
        if name == "url":
            told = found
        elif name == "delay":
            delay = float(rest[0])
        elif name == "forget":
            journal.clear()
        elif name == "journal":
            for message in list(journal):
                pk = message["status_callback"].rstrip("/").rpartition("/")[2]
                told[pk] = told.get(pk, 0) + 1
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


async def _talk(reader, writer):
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            verb, target, _ = head.split(" ", 2)
            length = 0
            for line in head.split("\r\n")[1:]:
                name, _, value = line.partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            body = (await reader.readexactly(length)).decode()
            if verb == "POST":
                status, told = 201, _take(parse_qs(body))
                await asyncio.sleep(delay)
            else:
                status, told = 200, _listed(parse_qs(urlsplit(target).query))
            text = json.dumps(told).encode()
            writer.write(
                f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(text)}\r\n\r\n".encode()
                + text
            )
            await writer.drain()
    writer.close()


def _take(form):
    message = {
        "sid": f"SM{uuid4().hex}",
        "status": "queued",
        "to": form["To"][0],
        "body": form["Body"][0],
        "status_callback": form.get("StatusCallback", [""])[0],
        "date_created": format_datetime(datetime.now(UTC)),
        "error_code": None,
    }
    journal.append(message)
    return message


def _listed(asked):
    to = asked.get("To", [""])[0]
    found = [message for message in reversed(journal) if message["to"] == to]
    return {"messages": found, "next_page_uri": None, "page": 0, "page_size": 100}
