"""THRIVE: what a caller says, read by a policy, as elements, flags, a grade and its reasons.

Pure rules: plain values in and out; no database, clock or network. Read ``engine`` first.
"""

from .engine import Hearing, assess
from .policy import Policy, PolicyError, default_policy
from .result import (
    Element,
    Flag,
    Question,
    Report,
    ReportError,
    Result,
    Span,
    VideoNeed,
    VideoReason,
    spoken,
)
from .vocabulary import CHANNELS, ELEMENTS, FLAGS, GRADES, STRUCTURED, VIDEO_REASONS

__all__ = [
    "CHANNELS",
    "ELEMENTS",
    "FLAGS",
    "GRADES",
    "STRUCTURED",
    "VIDEO_REASONS",
    "Element",
    "Flag",
    "Hearing",
    "Policy",
    "PolicyError",
    "Question",
    "Report",
    "ReportError",
    "Result",
    "Span",
    "VideoNeed",
    "VideoReason",
    "assess",
    "default_policy",
    "spoken",
]
