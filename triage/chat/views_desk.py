"""The desk's side: every chat that is open, the one that is looked after, and what is unseen."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from triage import marking, shown
from triage.chat import chats, hours, selectors
from triage.chat.forms import AnswerForm, EndForm
from triage.chat.models import Chat
from triage.panel import rules
from triage.selectors import forces_of
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time

TOLD = {
    "over": "This chat has ended.",
    "not taken": "Take the chat before you do that.",
}


@require_GET
@require("desk.work", reads="list")
def desk(request):
    """Who waits, and what came in online that nobody has looked at."""
    return TemplateResponse(request, "triage/chat/desk.html", _lists(request, now()))


@require_GET
@require("desk.work", reads="list")
def rows(request):
    """The two lists alone, asked for again and again."""
    context = _lists(request, now())
    opened = request.GET.get("open", "")
    context["chat"] = next(
        (row.chat for row in context["rows"] if str(row.chat.pk) == opened), None
    )
    return TemplateResponse(request, "triage/chat/_rows.html", context)


@require_GET
@require("desk.work", reads="chat.chat")
def talk(request, pk):
    """One chat beside the list of all."""
    return _page(request, _chat(request, pk), now())


@require_GET
@require("desk.work", reads="chat.chat")
def talk_lines(request, pk):
    """What was written and what the engine says of it, asked for by the open page."""
    return _part(request, _chat(request, pk), now())


@require_POST
@require("desk.work")
def take(request, pk):
    chat = _chat(request, pk)
    return _do(
        request,
        chat,
        lambda at: chats.take(
            chat.pk, by=request.user, at=at, instead_of=request.POST.get("instead_of")
        ),
    )


@require_POST
@require("desk.work")
def give_back(request, pk):
    chat = _chat(request, pk)
    return _do(request, chat, lambda at: chats.give_back(chat.pk, by=request.user, at=at))


@require_POST
@require("desk.work", reads="chat.chat")
def answer(request, pk):
    """Say something to the visitor."""
    chat = _chat(request, pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, chat, now(), form=form, status=422)

    def say(at):
        data = form.cleaned_data
        chats.answer(chat.pk, body=data["body"], key=data["key"], by=request.user, at=at)

    return _do(request, chat, say, form=form)


@require_POST
@require("desk.work", reads="chat.chat")
def report(request, pk):
    """Go on with the visitor's words on the report screen."""
    chat = _chat(request, pk)
    if chat.incident_id:
        return redirect("triage:incident", chat.incident_id)
    try:
        draft_id = chats.begin_report(chat.pk, by=request.user, at=now())
    except (chats.Taken, chats.NotTaken) as refused:
        return _refused(request, chat, refused)
    return redirect("triage:draft", draft_id)


@require_POST
@require("desk.work", reads="chat.chat")
def end(request, pk):
    chat = _chat(request, pk)
    form = EndForm(request.POST)
    at = now()
    if form.is_valid():
        try:
            chats.end(chat.pk, by=request.user, at=at, reason=form.cleaned_data["reason"])
        except chats.ReasonMissing:
            form.add_error("reason", "Make it an incident first, or say why it needs none")
        except chats.MayNotEnd:
            form.add_error(
                "reason",
                "These words read as urgent. Make it an incident, or ask a team leader to take the"
                " chat and end it",
            )
        except (chats.Taken, chats.NotTaken, chats.Over) as refused:
            return _refused(request, chat, refused)
        else:
            messages.success(request, "The chat is ended.")
            return redirect("chat:desk")
    return _page(request, chat, at, end_form=form, status=422)


def _chat(request, pk):
    return get_object_or_404(selectors.chats_for(request.user), pk=pk)


def _do(request, chat, change, form=None):
    at = now()
    try:
        change(at)
    except (chats.Taken, chats.NotTaken, chats.Over) as refused:
        return _refused(request, chat, refused, form)
    if request.htmx:
        return _part(request, _chat(request, chat.pk), at)
    return redirect("chat:talk", chat.pk)


def _refused(request, chat, refused, form=None):
    at = now()
    said = TOLD["over"] if isinstance(refused, chats.Over) else TOLD["not taken"]
    if isinstance(refused, chats.Taken):
        holder = refused.chat
        said = f"{holder.taken_by} took this chat at {local_time.local(holder.taken_at):%H:%M}."
    chat = _chat(request, chat.pk)
    if request.htmx:
        return _part(request, chat, at, refused=said, status=409)
    return _page(request, chat, at, form=form, refused=said, status=409)


def _lists(request, at):
    forces = forces_of(request.user)
    return {
        "rows": selectors.rows(request.user, at),
        "unseen": [shown.row(one, at) for one in selectors.unseen(request.user)],
        "closed": [force for force in forces if not hours.is_open(force, at)],
        "at": local_time.local(at),
    }


def _context(request, chat, at):
    result = chats.score(chat, at=at, questions=True)
    said = chats.words(chat)
    return {
        "chat": chat,
        "row": selectors.row(chat, request.user, at),
        "lines": list(chat.lines.select_related("by").order_by("number")),
        "is_mine": chat.taken_by_id == request.user.pk,
        "is_over": chat.status == Chat.Status.ENDED,
        "result": result,
        "grade_label": chat.force.grade_label(result.grade),
        "pieces": marking.marked(said, result.as_dict()["flags"]),
        "rules": rules(result.because, result.grade),
        "at": local_time.local(at),
    }


def _part(request, chat, at, *, refused="", status=200):
    context = _context(request, chat, at) | {"refused": refused}
    return TemplateResponse(request, "triage/chat/_talk.html", context, status=status)


def _page(request, chat, at, *, form=None, end_form=None, refused="", status=200):
    context = _lists(request, at) | _context(request, chat, at)
    context |= {
        "form": form or AnswerForm(),
        "end_form": end_form or EndForm(),
        "refused": refused,
    }
    return TemplateResponse(request, "triage/chat/talk.html", context, status=status)
