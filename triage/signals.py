"""News from triage for the apps above. Each is sent inside the transaction that made it true.

``incident_recorded``: ``incident``, ``by``, ``at``.
``assessed``: ``incident``, ``assessment``, ``before`` (the Assessment it supersedes, or None),
``by``, ``at``. Compare the two grades to see whether things got worse.
``response_chosen``: ``incident``, ``offer``, ``by``, ``at``.
``crime_recorded``: ``crime``, ``by``, ``at``.
"""

from django.dispatch import Signal

incident_recorded = Signal()
assessed = Signal()
response_chosen = Signal()
crime_recorded = Signal()
