"""May this person decide that, on this incident?"""

from victimcontact.accounts.permissions import can


class MayNotLower(Exception):
    """A standing grade is made less urgent by a team leader or supervisor alone."""


class MayNotDismiss(Exception):
    """A flag that holds the grade up, or video shut, is dismissed by a leader alone: ``flags``."""

    def __init__(self, flags):
        self.flags = sorted(flags)
        super().__init__(f"Only a team leader or supervisor may dismiss: {', '.join(self.flags)}")


def check_can_dismiss(user, weighty) -> None:
    """Raise MayNotDismiss when ``user`` may not dismiss the ``weighty`` flags.

    ``weighty`` as ``assessing.weighty`` gives it. Any other flag may be dismissed by whoever
    assesses. ``user`` None is the house itself, which dismisses nothing of weight.
    """
    if weighty and (user is None or not can(user, "grade.lower")):
        raise MayNotDismiss(weighty)


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
