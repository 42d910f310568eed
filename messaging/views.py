"""What staff must do, and how a text fares."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messaging import inbox, outbox, selectors, staff_tasks
from messaging.forms import DoneForm, WhoseForm
from messaging.models import InboundText, Notification, StaffTask
from victimcontact.accounts.permissions import can, require

MOST_SHOWN = 100


@dataclass
class Row:
    """A task as the page shows it; whom it is about only to who took it."""

    task: StaffTask
    is_mine: bool
    about_url: str
    person: object = None
    plan: object = None
    texts: list = field(default_factory=list)
    form: DoneForm | None = None


@require_GET
@require("task.view", reads="list")
def staff_tasks_page(request):
    return _page(request)


@require_POST
@require("task.work")
def take(request, pk):
    _try(request, staff_tasks.take, _task(request, pk))
    return redirect("messaging:staff_tasks")


@require_POST
@require("task.work")
def give_back(request, pk):
    _try(request, staff_tasks.give_back, _task(request, pk))
    return redirect("messaging:staff_tasks")


@require_POST
@require("task.work")
def done(request, pk):
    task = _task(request, pk)
    form = DoneForm(request.POST, prefix=str(pk))
    if not form.is_valid():
        return _page(request, {task.pk: form}, status=422)
    if _try(request, staff_tasks.done, task, note=form.cleaned_data["note"]):
        messages.success(request, "The task is done")
    return redirect("messaging:staff_tasks")


@require_POST
@require("task.work")
def try_again(request, pk):
    """Let a held text go out if the plan allows it by now; if not, a new task says why."""
    task = _task(request, pk)
    at = now()
    if task.notification_id and outbox.release(task.notification_id, by=request.user, at=at):
        _try(request, staff_tasks.done, task, note="Tried again under the contact plan as it is.")
        messages.success(request, "The text will be sent if the contact plan allows it now")
    else:
        messages.error(request, "This text is no longer held back")
    return redirect("messaging:staff_tasks")


@require_http_methods(["GET", "POST"])
@require("task.work", reads="messaging.inboundtext")
def inboundtext(request, pk):
    """A text that nobody is known to have written; POST says whose it is."""
    asked = StaffTask.objects.filter(
        about_type="messaging.inboundtext", about_id=pk, force__in=request.user.forces.all()
    )
    text = get_object_or_404(InboundText, pk=pk)
    if not asked.exists():
        raise Http404
    # Whoever has the number in a force that this person does not serve is not shown.
    people = [each for each in inbox.candidates(text) if each.force in request.user.forces.all()]
    form = WhoseForm(request.POST or None, people=people)
    if request.method == "POST" and form.is_valid():
        inbox.settle_whose(pk, contact_id=form.cleaned_data["whose"], by=request.user, at=now())
        messages.success(request, "Whose text it is, is noted")
        return redirect("messaging:inboundtext", pk)
    status = 422 if form.is_bound else 200
    context = {"text": text, "form": form, "people": people}
    return TemplateResponse(request, "messaging/inboundtext.html", context, status=status)


@require_GET
@require("incident.view", reads="messaging.notification")
def delivery_state(request, pk):
    """How one text fares: the part of a page that asks again until it is decided."""
    notification = get_object_or_404(Notification, pk=pk, force__in=request.user.forces.all())
    return TemplateResponse(request, "messaging/_delivery.html", {"notification": notification})


def _page(request, forms=None, status=200):
    tasks = list(staff_tasks.tasks_for(request.user)[: MOST_SHOWN + 1])
    may_work = can(request.user, "task.work")
    rows = [_row(request.user, task, forms or {}) for task in tasks[:MOST_SHOWN]]
    context = {
        "mine": [row for row in rows if row.is_mine],
        "others": [row for row in rows if not row.is_mine],
        "may_work": may_work,
        "has_more": len(tasks) > MOST_SHOWN,
        "several_forces": request.user.forces.count() > 1,
        "broken": list((forms or {}).values()),
    }
    return TemplateResponse(request, "messaging/staff_tasks.html", context, status=status)


def _row(user, task, forms):
    row = Row(task=task, is_mine=task.taken_by_id == user.pk, about_url=_about_url(user, task))
    if row.is_mine:
        row.person = selectors.person_of(task)
        row.plan = row.person and row.person.plan
        row.texts = selectors.texts_behind(task, row.person)
        row.form = forms.get(task.pk) or DoneForm(prefix=str(task.pk))
    return row


def _about_url(user, task):
    """The page of what the task is about, that this person's role opens; else "".

    It is named after its model, as every app names its own; for those whom that page is shut to,
    ``…_report`` leads to the report behind it.
    """
    page = task.about_type.replace(".", ":")
    for name in (page, f"{page}_report"):
        try:
            url = reverse(name, args=[task.about_id])
        except NoReverseMatch:
            continue
        if can(user, resolve(url).func.required_permission):
            return url
    return ""


def _task(request, pk):
    return get_object_or_404(StaffTask, pk=pk, force__in=request.user.forces.all())


def _try(request, act, task, **details):
    """Do it, or say who was first."""
    try:
        return act(task.pk, by=request.user, at=now(), **details)
    except staff_tasks.AlreadyTaken as taken:
        messages.error(request, f"{taken.task.taken_by} took this task first")
    except staff_tasks.AlreadyDone as finished:
        messages.error(request, f"{finished.task.done_by} has done this task")
    return None
