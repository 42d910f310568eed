"""For the load balancer: does this process answer, and does its database?"""

from django.db import connection
from django.http import HttpResponse

from victimcontact.accounts.middleware import open_to_all


@open_to_all
def health(request):
    """ "ok" when one SELECT answers; else 500 by Django's own handling."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return HttpResponse("ok", content_type="text/plain")
