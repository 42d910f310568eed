"""An assessment as people read it, wherever one is shown."""

from dataclasses import dataclass

from triage import panel, thrive


@dataclass(frozen=True)
class Told:
    """An assessment as people read it."""

    assessment: object
    recommended: str
    decided: str
    elements: list  # (name, label, level, what the engine gave, the person's own words)
    flags: list  # (label, because)
    dismissed: list  # (label, because, the person's reason)
    rules: object  # Rules
    video: list


def told(assessment, force) -> Told:
    """``assessment`` as it was decided, in the words of ``force``."""
    found = assessment.findings
    elements = [
        (
            name,
            label,
            assessment.elements.get(name, 0),
            found.get("elements", {}).get(name, {}).get("rationale", ()),
            assessment.rationales.get(name, ""),
        )
        for name, label in thrive.ELEMENTS.items()
    ]
    return Told(
        assessment=assessment,
        recommended=force.grade_label(assessment.recommended_grade),
        decided=force.grade_label(assessment.decided_grade),
        elements=elements,
        flags=[(flag["label"], flag["because"]) for flag in found.get("flags", ())],
        dismissed=[
            (flag["label"], flag["because"], assessment.dismissed.get(flag["name"], ""))
            for flag in found.get("dismissed", ())
        ],
        rules=panel.rules(found.get("because", ()), assessment.recommended_grade),
        video=[thrive.VIDEO_REASONS.get(name, name) for name in assessment.video_reasons],
    )
