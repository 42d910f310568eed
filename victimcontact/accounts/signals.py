"""News of staff for the floors above."""

from django.dispatch import Signal

# user, at: somebody asked for a page themselves. At most once a minute for each session.
heard_of = Signal()
