"""What an officer must have learnt to see this person about this report."""

from datetime import date

from appointments.rosters.models import Profile, Skill
from victimcontact.lib.local_time import local
from victimcontact.lib.prepared import Prepared

ADULT = 18
# What a force begins with; it changes them in admin.
USUAL = (
    {
        "slug": "domestic-abuse",
        "name": "Domestic abuse",
        "flags": ["domestic_abuse", "coercive_control", "non_fatal_strangulation", "stalking"],
    },
    {
        "slug": "abe",
        "name": "Achieving Best Evidence interviews",
        "flags": ["child_at_risk", "child_sexual_exploitation", "sexual_offence"],
        "for_children": True,
    },
    {"slug": "welsh", "name": "Welsh", "needs": ["welsh", "cymraeg"], "languages": ["cy"]},
    {
        "slug": "bsl",
        "name": "British Sign Language",
        "needs": ["bsl", "british sign language"],
        "languages": ["bsl"],
    },
)


def ensure_usual(force) -> None:
    """Give a force that has no skills yet the usual ones."""
    if not Skill.objects.filter(force=force).exists():
        Skill.objects.bulk_create(
            [Skill(force=force, **values) for values in USUAL], ignore_conflicts=True
        )


def required(incident, *, at, contact=None) -> list[str]:
    """Slugs of the skills that the incident's flags and the person's needs ask for, sorted.

    ``contact`` is who is to be seen: the victim where it is not said.
    """
    assessment, victim = incident.current_assessment, contact or incident.victim
    flags = set(assessment.flags) if assessment else set()
    is_child = _is_child(incident, assessment, victim, at)
    said = _said_needs(victim)
    language = victim.language if victim else ""
    return sorted(
        skill.slug
        for skill in _of_force(force=incident.force_id)
        if flags & set(skill.flags)
        or (skill.for_children and is_child)
        or language in skill.languages
        or any(_says(said, need) for need in skill.needs)
    )


@Prepared
def _of_force(force):
    return Skill.objects.filter(force=force)


def required_of(appointment, *, at) -> set[str]:
    """Slugs of what its officer must have learnt: for its incident, its person and its desk."""
    asked = required(appointment.incident, at=at, contact=appointment.witness)
    return {*asked, *appointment.desk.skills}


def has(officer, slugs) -> bool:
    """Whether the officer has learnt all of these; asks nothing where there are none."""
    if not slugs:
        return True
    learnt = Profile.objects.filter(user=officer).values_list("skills", flat=True).first()
    return set(slugs) <= set(learnt or ())


def _is_child(incident, assessment, victim, at):
    if victim and victim.date_of_birth:
        born, today = date.fromisoformat(victim.date_of_birth), local(at).date()
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < ADULT
    is_victim = victim is None or victim == incident.victim
    age = assessment.answers.get("victim_age") if assessment and is_victim else None
    return isinstance(age, int) and age < ADULT


def _said_needs(victim):
    """Everything recorded of what the person needs, as plain words: " bsl interpreter "."""
    if victim is None:
        return ""
    words = []
    for value in victim.needs.values():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            words.append(str(one))
    plain = "".join(letter if letter.isalnum() else " " for letter in " ".join(words).casefold())
    return f" {' '.join(plain.split())} "


def _says(said, need):
    plain = "".join(letter if letter.isalnum() else " " for letter in need.casefold())
    return bool(plain.strip()) and f" {' '.join(plain.split())} " in said
