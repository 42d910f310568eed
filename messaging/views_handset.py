"""The victims' phones, in development and demonstration only: elsewhere these have no address."""

from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messaging import inbox
from messaging import phones as selectors
from messaging.forms import FindPhoneForm, ReplyForm
from messaging.writing import context_of


@require_http_methods(["GET", "POST"])
def handset(request):
    """The victims' phones; a POST looks for a number, which stands in no address."""
    if request.method != "POST":
        return _page(request)
    form = FindPhoneForm(request.POST)
    if form.is_valid():
        found = selectors.find(**form.cleaned_data["of"])
        if found is not None:
            return redirect(f"{reverse('messaging:handset')}?{urlencode({'phone': found.pk})}")
        form.add_error("of", "Nothing was sent to that number or address")
    return _page(request, {"find_form": form, "form": form}, status=422)


@require_GET
def phones(request):
    """The phones alone, for the page's own asking; 204 when nothing has come."""
    context = _phones(request)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return TemplateResponse(request, "messaging/_phones.html", context)


@require_POST
def handset_reply(request, pk):
    """A text from the phone back to the house, as a network would bring it."""
    phone = get_object_or_404(selectors.owners(), pk=pk)
    form = ReplyForm(request.POST, auto_id=f"%s-{pk}")
    if form.is_valid():
        account = phone.accounts.order_by("-last_heard_at").first()
        inbox.receive(
            provider_id=f"handset-{uuid4().hex}",
            sent_from=account.address if account else phone.phone,
            written_to=account.written_to if account else "",
            body=form.cleaned_data["body"],
            at=now(),
        )
        return redirect(f"{reverse('messaging:handset')}?{_where(request)}".rstrip("?"))
    return _page(request, {"form": form, "broken": phone.pk}, status=422)


@require_GET
def handset_calendar(request, pk):
    """The calendar file that came with an e-mail."""
    calendar = context_of(get_object_or_404(selectors.shown(), pk=pk)).get("calendar")
    if not calendar:
        raise Http404
    return HttpResponse(
        calendar,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="appointment.ics"'},
    )


def _page(request, more=None, *, status=200):
    context = {"find_form": FindPhoneForm(), **_phones(request), **(more or {})}
    return TemplateResponse(request, "messaging/handset.html", context, status=status)


def _phones(request):
    alike = _alike(request)
    page = selectors.page(request.GET.get("page"), alike=alike)
    return {
        "phones": page,
        "alike": alike,
        "where": _where(request),
        "seen": selectors.version(page),
    }


def _alike(request):
    """Whose number was looked for, or None."""
    try:
        pk = UUID(request.GET.get("phone", ""))
    except ValueError:
        return None
    return get_object_or_404(selectors.owners(), pk=pk)


def _where(request):
    """Which phones are shown, for the addresses that lead back to them."""
    return urlencode({name: request.GET[name] for name in ("phone", "page") if name in request.GET})
