"""News from triage for the apps above. Each is sent inside the transaction that made it true.

``incident_recorded``: ``incident``, ``by``, ``at``.
``assessed``: ``incident``, ``assessment``, ``before`` (the Assessment it supersedes, or None),
``by``, ``at``. Compare the two grades to see whether things got worse.
``review_asked``: ``incident``, ``because``, ``at``: something happened, and it is due at once.
``response_chosen``: ``incident``, ``offer``, ``by``, ``at``.
``crime_recorded``: ``crime``, ``by``, ``at``.
``officers_sent``: ``incident``, ``dispatch``, ``by``, ``at``.
``dispatch_moved``: ``dispatch``, ``step`` (its new state), ``by``, ``at``.
``said_later``: ``incident``; an app answers with a list of ``later.Later``, what was said about it
since it was reported.
``closing``: ``incident``, ``outcome`` (empty: whatever it may be), ``at``, before an incident is
closed. An app above answers with a sentence that says what stands open with it (a list of them, or
None): it is then refused.
``met``: ``incident``; an app above answers whether the victim was seen there.
``owner_changed``: ``incident`` (with its new ``owner``, None: nobody), ``before``, ``by``, ``at``.
``closed``: ``incident``, ``by``, ``at``. ``reopened``: ``incident``, ``because``, ``by``, ``at``.
"""

from django.dispatch import Signal

incident_recorded = Signal()
assessed = Signal()
review_asked = Signal()
response_chosen = Signal()
crime_recorded = Signal()
officers_sent = Signal()
dispatch_moved = Signal()
said_later = Signal()
closing = Signal()
met = Signal()
owner_changed = Signal()
closed = Signal()
reopened = Signal()
