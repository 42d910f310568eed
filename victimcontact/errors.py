"""Error pages: one neutral look for every fault, with the way out, and nothing about the cause."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string

from victimcontact.accounts.middleware import open_to_all


def bad_request(request, exception=None):
    """400: what was sent cannot be understood; 413: it is more than any form may hold."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", {"is_text": True}, status=413)
    return render(request, "400.html", status=400)


def forbidden(request, exception=None):
    """403: this person may not see that."""
    return render(request, "403.html", status=403)


@open_to_all
def csrf_failure(request, reason=""):
    """403: the form is too old, or did not come from our page."""
    return render(request, "403_csrf.html", status=403)


def not_found(request, exception=None):
    """404: no such page, or not for this person."""
    return render(request, "404.html", status=404)


def server_error(request):
    """500: our fault. The page needs neither database nor session."""
    return HttpResponseServerError(render_to_string("500.html"))
