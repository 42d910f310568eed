"""Tables of the diary and the interview."""

from appointments.models.appointment import (
    Appointment,
    ChangeRequest,
    Companion,
    DeviceTest,
    PassedOn,
    Presence,
)
from appointments.models.desk import Desk, Shift
from appointments.models.exhibit import ContinuityEntry, Exhibit
from appointments.models.statement import Signature, Statement, StatementVersion

__all__ = [
    "Appointment",
    "ChangeRequest",
    "Companion",
    "ContinuityEntry",
    "Desk",
    "DeviceTest",
    "Exhibit",
    "PassedOn",
    "Presence",
    "Shift",
    "Signature",
    "Statement",
    "StatementVersion",
]
