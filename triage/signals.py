"""News of triage, sent inside the transaction that makes it true. Floors above subscribe."""

from django.dispatch import Signal

incident_recorded = Signal()  # incident, by, at
assessed = Signal()  # assessment, incident, by, at
response_chosen = Signal()  # offer, incident, by, at
crime_recorded = Signal()  # crime, by, at
