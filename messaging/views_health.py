"""The way out, watched: for a machine that rings somebody, and for an administrator."""

from dataclasses import dataclass

from django.http import JsonResponse
from django.template.response import TemplateResponse
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_GET

from messaging import health, settling
from messaging.models import Notification
from victimcontact.accounts.middleware import open_to_all
from victimcontact.accounts.permissions import require

LEFT, RIGHT, TOP, BOTTOM = 46, 634, 16, 156
# The height of the figure is the first of these that holds everything, in seconds.
SCALES = (10, 30, 60, 120, 300, 900, 3_600, 14_400, 86_400)
LABELS = {
    10: ("10 s", "5"),
    30: ("30 s", "15"),
    60: ("1 min", "30 s"),
    120: ("2 min", "1"),
    300: ("5 min", "2½"),
    900: ("15 min", "7½"),
    3_600: ("1 h", "30 min"),
    14_400: ("4 h", "2"),
    86_400: ("1 day", "12 h"),
}


@dataclass(frozen=True)
class Drawn:
    """One five minutes of the figure."""

    x: float
    y: float
    width: float
    height: float
    says: str
    is_late: bool


@open_to_all
@require_GET
def texts(request):
    """For monitoring: 200 where all is well, else 503 and what is wrong, in numbers and words."""
    found = health.look(now())
    answer = {
        "ok": not found.problems,
        "oldest_seconds": int(found.oldest.total_seconds()) if found.oldest else 0,
        "waiting": found.waiting,
        "senders": {sender.name: sender.state for sender in found.senders},
        "differences": found.proof.difference_count if found.proof else None,
        "compared_at": found.proof.ran_at.isoformat() if found.proof else None,
        "problems": found.problems,
    }
    return JsonResponse(answer, status=503 if found.problems else 200)


@require_GET
@require("admin.use")
def traffic(request):
    """The same for a person, with the last three hours drawn."""
    at = now()
    found, columns = health.look(at), health.history(at)
    age = found.oldest.total_seconds() if found.oldest else 0
    highest = max([age, *(column.slowest for column in columns)])
    scale = next((each for each in SCALES if each >= highest), SCALES[-1])
    context = {
        "health": found,
        "age": _length(age),
        "states": [(status, found.by_state.get(status, 0)) for status in Notification.Status],
        "failing": [
            (settling.arrival_reason(code or "30008"), many) for code, many in found.failing
        ],
        "columns": _draw(columns, scale),
        "table": [(column, _length(column.slowest)) for column in reversed(columns)],
        "sent": sum(column.count for column in columns),
        "labels": LABELS[scale],
        "hours": _hours(columns),
        "limit": _limit(scale),
    }
    return TemplateResponse(request, "messaging/traffic.html", context)


def _draw(columns, scale):
    step = (RIGHT - LEFT) / len(columns)
    drawn = []
    for number, column in enumerate(columns):
        height = min(column.slowest / scale, 1) * (BOTTOM - TOP)
        if column.count:
            height = max(height, 2)  # something left, however quickly
        drawn.append(
            Drawn(
                x=round(LEFT + number * step + 1, 1),
                y=round(BOTTOM - height, 1),
                width=round(step - 2, 1),
                height=round(height, 1),
                says=f"{localtime(column.since):%H:%M}: {column.count} sent, the slowest after"
                f" {_length(column.slowest)}",
                is_late=column.slowest > health.TOO_OLD.total_seconds(),
            )
        )
    return drawn


def _limit(scale):
    """Where two minutes are drawn; None above the figure."""
    too_old = health.TOO_OLD.total_seconds()
    return None if too_old > scale else round(BOTTOM - too_old / scale * (BOTTOM - TOP), 1)


def _hours(columns):
    """(x, "14:30") of each half hour."""
    step = (RIGHT - LEFT) / len(columns)
    found = []
    for number, column in enumerate(columns):
        began = localtime(column.since)
        into = began.minute % 30 + began.second / 60
        if into and into + 5 >= 30:
            share = (30 - into) / 5
            reached = began.hour * 60 + began.minute + began.second / 60 + (30 - into)
            text = f"{int(reached + 0.5) // 60 % 24:02d}:{int(reached + 0.5) % 60:02d}"
            found.append((round(LEFT + (number + share) * step, 1), text))
    return found


def _length(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
