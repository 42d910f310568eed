"""An appointment about to begin, its officer, and a victim with an open link."""

from datetime import timedelta
from types import SimpleNamespace

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import RequestFactory
from django.utils.timezone import now

from tests.appointments import factories
from tests.appointments.factories import WORD
from victimcontact.people import links, visits
from victimcontact.people.models import Link


def appointment(*, starts_in=timedelta(minutes=5), **fields):
    """A booked appointment that starts ``starts_in`` from now, in a shift that began before."""
    starts_at = now().replace(microsecond=0) + starts_in
    shift = factories.shift(
        fields.pop("desk", None), fields.pop("officer", None), starts_at=starts_at - timedelta(1)
    )
    shift.during = DateTimeTZRange(shift.during.lower, shift.during.lower + timedelta(days=3))
    shift.save()
    return factories.appointment(at_shift=shift, starts_at=starts_at, **fields)


def open_link(to):
    """Issue a link to an appointment and open it. Gives the Visit and its cookie's key."""
    at = now()
    _, token = links.issue(
        contact=to.contact,
        purpose=Link.Purpose.APPOINTMENT,
        about_id=to.pk,
        expires_at=to.ends_at + timedelta(hours=24),
        by=None,
        at=at - timedelta(seconds=1),
    )
    return open_again(token)


def open_again(token):
    visit, key = visits.open_visit(token, WORD, RequestFactory().post("/a/x"), now())
    return SimpleNamespace(visit=visit, key=key, token=token)


def let_victim_in(client, opened):
    """Give a Django test client the victim's cookie."""
    client.cookies[settings.VISIT_COOKIE_NAME] = opened.key
    return client
