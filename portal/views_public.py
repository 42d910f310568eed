"""The victim's case: one page, works without script. Everything on it is theirs to read."""

from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from appointments import statements
from messaging import conversations
from portal import entitlements, invitations, selectors, talk, words
from portal.forms import MessageForm
from victimcontact.audit import ledger
from victimcontact.lib import phone
from victimcontact.people import visits


@require_http_methods(["GET", "HEAD", "POST"])
@visits.require_visit("portal")
def home(request):
    """The page. A POST sends a message or keeps a choice, and comes back to it."""
    case = _case(request)
    if request.method == "POST":
        if request.POST.get("step") == "texts":
            invitations.choose_texts(
                case, wanted=request.POST.get("texts") == "yes", visit=request.visit, at=now()
            )
            return redirect("portal:home")
        form = MessageForm(request.POST)
        if not form.is_valid():
            return _page(request, case, form=form, status=422)
        talk.write(
            case,
            author=conversations.VICTIM,
            body=form.cleaned_data["body"],
            key=form.cleaned_data["key"],
            at=now(),
        )
        return redirect("portal:home")
    return _page(request, case)


@require_POST
@visits.require_visit("portal")
def copy(request):
    """The victim's own copy of a statement they signed: the sealed bytes, and nothing else.

    Asked by POST, so that no address in the phone's history tells of it.
    """
    case = _case(request)
    try:
        wanted = UUID(request.POST.get("version", ""))
    except ValueError:
        raise Http404 from None
    version = next((one for one in selectors.signed_statements(case) if one.pk == wanted), None)
    if version is None:
        raise Http404
    content, _ = statements.open_file(
        version_id=version.pk, by=request.visit, at=now(), reason="own copy"
    )
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'attachment; filename="copy.pdf"'
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


def _case(request):
    case = selectors.case_of_visit(request.visit)
    if case is None:
        raise Http404
    return case


def _page(request, case, *, form=None, status=200):
    at = now()
    with transaction.atomic():
        ledger.record("case.viewed", by=request.visit, about=case, at=at)
        entitlements.opened(case, visit=request.visit, at=at)
        page = selectors.portal_page(case, at)
        selectors.mark_read_by_victim(case, page.last_shown_at)
    context = {
        "page": page,
        "case": case,
        "form": form or MessageForm.blank(),
        "rights": [words.right(row) for row in page.owed],
        "appointments": [
            words.appointment(row, may_name=bool(page.officer)) for row in page.appointments
        ],
        "phone": phone.display(case.force.contact_number) if case.force.contact_number else "",
    }
    return TemplateResponse(request, "portal/home.html", context, status=status)
