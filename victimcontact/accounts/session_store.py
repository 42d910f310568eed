"""Django's sessions in the database, whose row each page asks for by a query that is kept."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from victimcontact.lib.prepared import Prepared


class SessionStore(db.SessionStore):
    def _get_session_from_db(self):
        found = _current(key=self.session_key, at=timezone.now()) if self.session_key else ()
        if not found:
            self._session_key = None
            return None
        return found[0]


@Prepared
def _current(key, at):
    return Session.objects.filter(session_key=key, expire_date__gt=at)
