"""News of the diary, sent inside the transaction that makes it. Floors above subscribe."""

from django.dispatch import Signal

appointment_booked = Signal()  # appointment, by, at
appointment_reassigned = Signal()  # appointment, before (the officer it was), reason, by, at
appointment_moved = Signal()  # appointment (the new one), before (the old), by, at
appointment_link_sent_again = Signal()  # appointment, by, at
appointment_cancelled = Signal()  # appointment, reason, by, at
appointment_ended = Signal()  # appointment, at
appointment_missed = Signal()  # appointment, at
appointment_change_asked = Signal()  # request (a ChangeRequest), at
statement_signed = Signal()  # version, at
exhibit_received = Signal()  # exhibit, at
