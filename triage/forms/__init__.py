"""What call handlers type, made clean. Nothing here saves.

A report is scored while it is half typed: whatever is valid so far is used, and errors are shown
only when it is recorded.
"""

from triage.forms.assess import REFUSED, AssessForm, ReassessForm, kept
from triage.forms.choice import CrimeForm, OfferForm
from triage.forms.plan import PlanForm
from triage.forms.report import ReportForm

__all__ = [
    "REFUSED",
    "AssessForm",
    "CrimeForm",
    "OfferForm",
    "PlanForm",
    "ReassessForm",
    "ReportForm",
    "kept",
]
