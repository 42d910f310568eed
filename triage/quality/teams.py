"""In which team a member of staff is, as far as quality is concerned."""

from victimcontact.accounts.models import Team


def of(handlers, force) -> dict:
    """{handler's key: Team or None} in ``force``: of several teams the first by name."""
    found = {}
    rows = Team.members.through.objects.filter(
        team__force=force, user__in=list(handlers)
    ).select_related("team")
    for row in sorted(rows, key=lambda row: (row.team.name, str(row.team_id)), reverse=True):
        found[row.user_id] = row.team
    return found


def of_one(handler, force):
    """The Team of ``handler`` (may be None) in ``force``, or None."""
    return None if handler is None else of([handler.pk], force).get(handler.pk)
