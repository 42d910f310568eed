"""Whether video may be offered, each reason against, and what is still to be asked.

Source: the controlled vocabulary. Video is offered at grade 3 only, and only when nothing in the
policy's ``[[video]]`` stands against it. A thing that is not known stands against it until asked.
"""

from dataclasses import dataclass

from .conditions import facts
from .result import VideoNeed, VideoReason
from .vocabulary import VIDEO_REASONS

NEEDS = {
    "immediate_risk": "No immediate threat, risk or harm that needs an officer there",
    "offender_present": "The suspect is not there and not near",
    "not_safe_contact": "It is safe to talk",
    "under_18_no_guardian": "18 or over, or with a parent or guardian who is not the suspect",
    "victim_prefers_attendance": "The caller has not asked for a person",
    "no_device_or_data": "A smartphone with video and mobile data or Wi-Fi",
    "scene_attendance_needed": "No scene that has to be attended",
    "third_party_or_victim_elsewhere": "The victim is the person on the call",
    "no_appointment_needed": "An appointment is needed",
}


@dataclass(frozen=True)
class Video:
    offer: bool
    reasons: tuple[VideoReason, ...]
    needs: tuple[VideoNeed, ...]


def video(signals, grade, policy):
    """Decide on video for a graded report. Returns Video."""
    against, asking = {}, {}
    known = facts(signals)
    if grade <= 2:
        against["immediate_risk"] = [f"Grade {grade}: an officer is sent"]
    if grade == 4:
        against["no_appointment_needed"] = ["Grade 4: settled without an appointment"]
    for rule in policy.video:
        if rule.when.met(known):
            (asking if rule.ask else against).setdefault(rule.reason, []).append(rule.say)
    reasons, needs = [], []
    for name, label in VIDEO_REASONS.items():
        said = against.get(name) or asking.get(name)
        if said:
            reasons.append(VideoReason(name, label, tuple(dict.fromkeys(said))))
        state = "against" if name in against else "ask" if name in asking else "for"
        needs.append(VideoNeed(name, NEEDS[name], state, tuple(dict.fromkeys(said or ()))))
    return Video(not reasons, tuple(reasons), tuple(needs))


def against(known, policy):
    """The numbers of the rules that stand against video, of these facts alone."""
    return frozenset(n for n, rule in enumerate(policy.video) if rule.when.met(known))
