"""What a measuring process is asked: fill its database, answer a question, tell what it took."""

import time
from datetime import timedelta
from pathlib import Path

import psycopg2
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils.timezone import now
from psycopg2.extras import register_uuid

from bench import day
from bench.usual import USUAL
from tests import factories
from triage import jobs, policies, repeats, selectors, shown
from triage.api import feed, tokens
from triage.api.models import ApiClient, Scope
from triage.models import Incident, Policy, Review
from triage.shifts import board as shift_board
from victimcontact.accounts.models import Force, User
from victimcontact.accounts.roles import Role
from victimcontact.lib.encryption import encrypt

FOLDER = Path(__file__).resolve().parent
_kept = {}


def world():
    """A force, its leader, the shipped policy and 2,000 open incidents."""
    force = factories.force()
    policies.ensure_shipped_policy(now())
    factories.user(Role.TEAM_LEADER, username="leader", at_force=force)
    _fill("open.sql", connection.get_connection_params())
    return {}


def past(many, superuser_url):
    """So many closed incidents besides."""
    _fill("past.sql", {"dsn": superuser_url}, many=int(many))
    connection.close()
    return {}


def _fill(file, where, **more):
    # Set by set: the triggers that look at each row are for rows that come one by one.
    register_uuid()
    user = User.objects.get(username="leader")
    names = {"narrative": "", "location": "", "safety_note": ""}
    sealed = {name: encrypt("Somebody hit me.", f"triage_incident.{name}") for name in names}
    for name, text in {
        "narrative": "Somebody hit me.",
        "answers": "{}",
        "findings": "{}",
        "rationales": "{}",
        "dismissed": "{}",
        "reason": "",
    }.items():
        sealed[f"a_{name}"] = encrypt(text, f"triage_assessment.{name}")
    values = {
        "at": now(),
        "force": Force.objects.get().pk,
        "user": user.pk,
        "policy": Policy.objects.get(status="published").pk,
        **sealed,
        **more,
    }
    text = (FOLDER / file).read_text()
    if "dsn" in where:
        other = psycopg2.connect(where["dsn"])
    else:
        where = {key: value for key, value in where.items() if key != "cursor_factory"}
        other = psycopg2.connect(**where)
    other.autocommit = True
    with other.cursor() as cursor:
        if "many" in more:
            cursor.execute("set session_replication_role = replica")
        cursor.execute("begin")
        cursor.execute(text, values)
        cursor.execute("commit")
        if "many" in more:
            cursor.execute("vacuum analyze")
    other.close()


# Questions


def _leader():
    if "leader" not in _kept:
        _kept["leader"] = User.objects.get(username="leader")
    return _kept["leader"]


def _told(work):
    work_queries = None
    if "count" not in _kept:
        _kept["count"] = {}
    name = work.__name__
    if name not in _kept["count"]:
        with CaptureQueriesContext(connection) as found:
            work()
        _kept["count"][name] = len(found)
    work_queries = _kept["count"][name]
    started = time.perf_counter()
    work()
    return {"ms": (time.perf_counter() - started) * 1000, "queries": work_queries}


def queue():
    """The first page of the queue, as its page reads it: 50 rows with what repeats around each."""

    def queue_page():
        selectors.open_counts(_leader())
        shown.rows(selectors.queue_page(_leader(), whose="all", start=0, many=50), now())

    return _told(queue_page)


def board():
    """The board's tiles and drawings."""

    def board_figures():
        shift_board.figures(_leader(), at=now())

    return _told(board_figures)


def lines():
    """The board's first page of lines."""

    def board_lines():
        shift_board.lines(_leader(), at=now())

    return _told(board_lines)


def _fifty(*, busy):
    key = f"fifty {busy}"
    if key not in _kept:
        chosen = [f"O-{number}" for number in (range(1951, 2001) if busy else range(1, 51))]
        _kept[key] = list(Incident.objects.filter(reference__in=chosen))
    return _kept[key]


def ordinary():
    """What repeats around 50 incidents by ordinary numbers and addresses."""
    fifty = _fifty(busy=False)

    def ordinary_repeats():
        repeats.of_incidents(fifty, at=now())

    return _told(ordinary_repeats)


def busiest():
    """The same of 50 incidents that all share the busiest number and address."""
    fifty = _fifty(busy=True)

    def busiest_repeats():
        repeats.of_incidents(fifty, at=now())

    return _told(busiest_repeats)


def place():
    """Everything around one incident at the busiest number and address, in full."""
    (incident, *_) = _fifty(busy=True)

    def around_one():
        repeats.around_incident(incident, at=now())

    return _told(around_one)


def changes():
    """A page for another system of what changed since a moment half way through the past."""
    client = ApiClient(force=Force.objects.get(), scopes=[Scope.READ_ALL])
    middle = now() - timedelta(days=365)

    def page_of_changes():
        feed.by_change(client, since=middle, cursor=None, limit=50)

    return _told(page_of_changes)


FLOOR = "/bench/rows/"


def page(address):
    """CPU of this process for one signed-in page, from the server's call to the last byte."""
    if "cookies" not in _kept:
        cookies = factories.sign_in(Client(), _leader()).cookies
        _kept["cookies"] = "; ".join(f"{name}={one.value}" for name, one in cookies.items())
        _kept["incident"] = f"/triage/{Incident.objects.get(reference='O-1').pk}/"
        _kept["house"] = WSGIHandler()
        with override_settings(MIDDLEWARE=USUAL):
            _kept["plain"] = WSGIHandler()
    counts = _kept.setdefault("pages", {})
    if address not in counts:
        with CaptureQueriesContext(connection) as found:
            _get(address)
        counts[address] = len(found)
    return {"cpu_ms": _get(address), "queries": counts[address]}


def _get(address):
    request = RequestFactory().get(_kept.get(address, address), HTTP_COOKIE=_kept["cookies"])
    handler, told = _kept["plain" if address == FLOOR else "house"], []
    started = time.process_time()
    answer = handler(request.environ, lambda status, *_: told.append(status))
    for _ in answer:
        pass
    answer.close()
    ms = (time.process_time() - started) * 1000
    if told != ["200 OK"]:
        raise SystemExit(f"{address}: {told}")
    return ms


def token():
    """A token of a new system of the demonstration force, with a rate that hinders nobody."""
    client = ApiClient.objects.create(
        force=Force.objects.first(),
        system="Bench",
        scopes=list(Scope),
        expires_at=now() + timedelta(days=1),
        requests_a_minute=100_000,
    )
    return tokens.renew(client, by=None, at=now())


# A simulated day: see day.py


def people():
    """The force and its handlers."""
    force = factories.force()
    policies.ensure_shipped_policy(day.MIDNIGHT)
    for number in range(40):
        factories.user(Role.TEAM_LEADER, username=f"handler{number}", at_force=force)
    return {}


def morning(many, number, parts):
    """Plan this process's part of the day."""
    _kept["part"] = day.Part(int(many), int(number), int(parts))
    return {}


def minute(number):
    """Live one minute of it."""
    _kept["part"].live(int(number))
    return {}


def late(number):
    """What beat does each minute."""
    raised = 0
    while more := jobs.raise_late_reviews(day.at(int(number))):
        raised += more
    return {"raised": raised}


def evening():
    """What was done."""
    return dict(_kept["part"].done)


def left(number):
    """What nobody has looked at, when the day is over."""
    at = day.at(int(number))
    open_ones = Incident.objects.filter(status="open")
    reviews = Review.objects.filter(done_at=None, incident__status="open")
    raised = Review.objects.filter(raised_at__isnull=False)
    slowest = max((one.raised_at - one.due_at for one in raised), default=timedelta())
    by_nobody = Incident.objects.exclude(assessments__decided_by__isnull=False)
    told_of = reviews.filter(raised_at__isnull=False).values("incident")
    just_in = by_nobody.filter(reported_at__gt=at - timedelta(minutes=10))
    return {
        "open": open_ones.count(),
        "untold": reviews.filter(due_at__lt=at - timedelta(minutes=1), raised_at=None).count(),
        "without": open_ones.exclude(pk__in=reviews.values("incident")).count(),
        "unseen": by_nobody.exclude(pk__in=told_of).exclude(pk__in=just_in.values("pk")).count(),
        "slowest_s": slowest.total_seconds(),
    }
