"""The house's addresses and two more, which are the floors that its own are measured against."""

from django.db import connection
from django.http import HttpResponse
from django.template import Context, Engine
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from triage.models import Incident
from victimcontact.accounts.middleware import open_to_all
from victimcontact.urls import *  # noqa: F403 - the handlers, too
from victimcontact.urls import urlpatterns as ours

ROWS = Engine().from_string(
    "<!doctype html><title>Rows</title><table>{% for one in rows %}<tr><td>{{ one.reference }}"
    "<td>{{ one.grade }}<td>{{ one.reported_at|date:'j F Y H:i' }}<td>{{ one.due_at|date:'H:i' }}"
    "<td>{{ one.get_channel_display }}<td>{{ one.get_status_display }}</tr>{% endfor %}</table>"
)


def rows(request):
    """A page of 25 rows of one table, for whoever is signed in, and nothing else."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    found = Incident.objects.filter(status="open")
    few = found.defer("narrative", "location", "safety_note").order_by("grade", "due_at", "id")
    return HttpResponse(ROWS.render(Context({"rows": few[:25]})))


@csrf_exempt
@open_to_all
def insert(request):
    """One bare INSERT of what was sent."""
    with connection.cursor() as cursor:
        cursor.execute("insert into bench_row (words) values (%s)", [request.body.decode()])
    return HttpResponse(status=201)


@csrf_exempt
@open_to_all
def claim(request):
    """One row claimed by one statement: the least that a booking is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update bench_slot set is_taken = true where id = (select id from bench_slot"
            " where not is_taken order by id limit 1 for update skip locked)"
        )
    return HttpResponse(status=201)


urlpatterns = [
    path("bench/claim/", claim),
    path("bench/rows/", rows),
    path("bench/insert/", insert),
    *ours,
]
