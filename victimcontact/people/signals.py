"""News from the door, for the floors above."""

from django.dispatch import Signal

# link, at: five wrong words closed this link. Someone must ring the person on a safe channel.
link_locked = Signal()

# contact: somebody is about to change how this person is reached. Whoever will answer
# number_changed or plan_changed locks the rows for it now: rows above are always locked before
# ours, or STOP from the phone and a new number at the desk wait for each other.
number_changing = Signal()

# contact, by, at: the number for texts is another one; every link sent to the old one is shut.
number_changed = Signal()

# contact, before (the plan that ends, or None), plan, by, at: another way to reach them is agreed.
plan_changed = Signal()

# visit, at: the right word opened a link.
visit_opened = Signal()

# request, response, at: somebody pressed the way out of a page. Whoever gave that browser a key
# takes it back through ``response``; nothing may fail here, for the way out always answers.
left = Signal()

# visit, at: a session ended. visit.ended_why says why; sockets of that visit must close.
visit_ended = Signal()
