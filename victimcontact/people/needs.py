"""What a person needs of whoever meets them: said once, kept with them, shown wherever they go.

Pure: ``Contact.needs`` in, words out. {"adaptations": ["bsl", …], "interpreter": "Polish",
"officer": "female" | "male", "note": "…"}; what a key lacks nobody asked for.
"""

ADAPTATIONS = {
    "bsl": "British Sign Language (BSL)",
    "text relay": "Text relay calls",
    "call back": "Ring back at a quiet time rather than keep them waiting",
    "hearing": "Hard of hearing: speak clearly, face the camera",
    "reading": "Help with reading: read everything aloud",
    "no uniform": "No uniform",
    "breaks": "Breaks during the talk",
    "step free": "No steps on the way in",
}
OFFICERS = {"female": "A woman", "male": "A man"}
READS_BADLY, NO_UNIFORM = "reading", "no uniform"


def told(contact) -> list[str]:
    """One line for each thing that ``contact`` needs, in the order in which it matters."""
    needs = contact.needs if contact is not None else {}
    lines = [words for key, words in ADAPTATIONS.items() if has(contact, key)]
    if needs.get("interpreter"):
        lines.insert(0, f"Interpreter: {needs['interpreter']}")
    if needs.get("officer") in OFFICERS:
        lines.append(f"Officer: {OFFICERS[needs['officer']].lower()}")
    if contact is not None and contact.language.startswith("cy"):
        lines.append("Language: Welsh")
    if needs.get("note"):
        lines.append(needs["note"])
    return lines


def has(contact, key: str) -> bool:
    """Whether ``contact`` needs the adaptation ``key``, one of ADAPTATIONS."""
    return contact is not None and key in contact.needs.get("adaptations", ())


def language(contact) -> str:
    """In which language they are to be met, as Wishes know it: "cy" or empty for English."""
    return "cy" if contact is not None and contact.language.startswith("cy") else ""


def officer(contact) -> str:
    """ "female", "male", or empty where it is no matter."""
    found = contact.needs.get("officer", "") if contact is not None else ""
    return found if found in OFFICERS else ""
