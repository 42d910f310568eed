"""What the header of a staff page shows of one's own shift."""

from dataclasses import dataclass

from django import template
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db.models import Exists
from django.utils.timezone import now

from triage.shifts import drawn, duty
from triage.shifts.models import Duty, Handover
from victimcontact.accounts.models import User
from victimcontact.lib.prepared import Prepared

register = template.Library()
STATES = list(Duty.State)


@dataclass(frozen=True)
class Mine:
    """``state`` is a Duty.State; ``is_to_read``: a handover by name waits for this person."""

    state: str
    label: str
    states: list
    is_to_read: bool


@register.simple_tag(takes_context=True)
def my_duty(context) -> Mine | None:
    """How the person of this page stands, in one query; None for whoever has no duty to say."""
    if "duty.say" not in (context.get("permissions") or ()):
        return None
    ((said, heard_at, waits),) = _mine(user=context["request"].user.pk)
    state = Duty.State(duty.said(Duty(state=said, heard_at=heard_at) if said else None, now()))
    return Mine(state, state.label, STATES, waits)


@Prepared
def _mine(user):
    waits = Handover.objects.filter(handed_to=user, acknowledged_at=None)
    me = User.objects.filter(pk=user).order_by()
    return me.values_list("duty__state", "duty__heard_at", Exists(waits))


@register.filter
def drawn_lines(found, back) -> str:
    """The board's lines as rows of its table; their actions lead back to ``back``."""
    return drawn.lines(found, back=back)


@register.filter
def drawn_tiles(tiles, show) -> str:
    """The board's tiles, of which ``show`` is the one that is shown."""
    return drawn.tiles(tiles, show=show)


register.filter("drawn_columns", drawn.columns)
register.filter("said_columns", drawn.columns_said)


@register.simple_tag(takes_context=True)
def back_here(context) -> str:
    """Where the header's forms lead back to: this page, or the one that a header alone stands on.

    The page of an error has a request whose body may be unreadable: then it is not looked at.
    """
    request = context["request"]
    if not (request.htmx and request.method == "POST"):
        return request.path
    try:
        return request.POST.get("back") or request.path
    except (BadRequest, SuspiciousOperation):
        return request.path
