"""What the clock starts: late answers become somebody's work, and repeats are counted."""

from triage.partners import referring, repeats

MOST_AT_ONCE = 200

BEAT = {
    "chase late referrals": {
        "task": "triage.partners.tasks.chase_late_referrals",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "count repeats": {
        "task": "triage.partners.tasks.count_repeats",
        "schedule": 30,
        "options": {"expires": 30},
    },
}


def chase_late_referrals(at) -> int:
    """Raise a task for each referral whose time has passed at ``at``; how many were looked at."""
    raised = 0
    while raised < MOST_AT_ONCE and referring.raise_next_late(at):
        raised += 1
    return raised


def count_repeats(at) -> int:
    """Count the repeats behind every assessment made since; how many incidents were counted."""
    counted = 0
    while found := repeats.count_next(at):
        counted += found
    return counted
