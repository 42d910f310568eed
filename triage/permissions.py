"""May this person decide that, on this incident?"""

from victimcontact.accounts.permissions import can


class MayNotLower(Exception):
    """A standing grade is made less urgent by a team leader or supervisor alone."""


def check_can_grade(user, incident, grade: int) -> None:
    """Raise MayNotLower when ``user`` may not give ``incident`` this ``grade``.

    Anybody may raise a grade at once. A new incident has none to lower. ``user`` None is the
    house itself, which may only raise.
    Source: inspectors' finding that calls were downgraded without a supervisor.
    """
    lowers = incident.grade is not None and grade > incident.grade
    if lowers and (user is None or not can(user, "grade.lower")):
        raise MayNotLower


def can_grade(user, incident, grade: int) -> bool:
    """Whether ``check_can_grade`` would pass."""
    try:
        check_can_grade(user, incident, grade)
    except MayNotLower:
        return False
    return True
