"""The second factor once more, before what leaves the house or cannot be undone.

Nothing is lost by being asked: what was sent is kept in the page that asks, and goes on its way
with the code.
"""

from functools import wraps

from django.conf import settings
from django.template.response import TemplateResponse
from django.utils.timezone import now

from victimcontact.accounts import devices, sessions, throttle
from victimcontact.accounts.forms import CodeForm
from victimcontact.audit import ledger
from victimcontact.lib.addresses import client_address

ALWAYS, WRITING = "always", "writing"
FIELD = "second_factor"
WRONG = "The code is not right, or was used before. Wait for the next one and try again"
_OURS = {FIELD, "csrfmiddlewaretoken"}


def ask(request, when=ALWAYS, *, address=""):
    """The page that asks ``request.user`` for a code, or None where they may go on.

    They may go on if a code was given within five minutes or comes with this request. ``when`` is
    ALWAYS, or WRITING for views where only a POST is asked. A GET goes on to ``address`` (its own).
    """
    if request.method in ("GET", "HEAD") and when == WRITING:
        return None
    if sessions.is_proven(request.session):
        return None
    form = _Form(request.POST if FIELD in request.POST else None)
    if form.is_bound and form.is_valid() and _proves(request, form):
        return None
    # What was sent, to be sent again with the code; files a browser does not give twice.
    kept = [(k, v) for k, vs in request.POST.lists() if k not in _OURS for v in vs]
    context = {
        "form": form,
        "kept": kept,
        "lost_files": [file.name for file in request.FILES.values()],
        "next": address or request.get_full_path(),
        "goes_on": request.method == "POST",
        "one_click": _is_invented(request.user),
        "field": FIELD,
    }
    return TemplateResponse(request, "accounts/code_again.html", context, status=401)


def needed(when=ALWAYS):
    """Guard a view that has its own guard for who may enter, like a page of Django admin."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            return ask(request, when) or view(request, *args, **kwargs)

        return guarded

    return decorate


class _Form(CodeForm):
    def __init__(self, data):
        super().__init__(data)
        self.fields = {FIELD: self.fields["code"]}


def _proves(request, form):
    user = request.user
    names = (f"account:code of {user.pk}", f"address:{client_address(request)}")
    may_try, device = throttle.may_try(*names), None
    if may_try:
        invented = _is_invented(user)
        device = invented or devices.check(user, form.cleaned_data[FIELD])
    if device:
        throttle.succeeded(names[0])
        sessions.prove(request.session)
        request.session.cycle_key()
        ledger.record("staff.proven_again", by=user, at=now())
        return True
    if may_try:
        throttle.failed(*names)
    ledger.record("staff.code_refused", by=user, at=now())
    form.add_error(FIELD, WRONG)
    return False


def _is_invented(user):
    return settings.DEMONSTRATION and user.is_demonstration
