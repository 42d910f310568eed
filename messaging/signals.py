"""News that apps above may act on. Each is sent inside the transaction that made it true.

``notification_settled``: ``notification`` (its ``status`` is new).
``message_received``: ``message``, ``conversation``; somebody wrote in a portal conversation.
``text_received``: ``text`` (an InboundText), ``at``. ``text.contact`` is None when nobody or
several have the number, when it may be somebody else's by now, and on WhatsApp and Messenger, where
``text.account`` wrote. Sent again with a contact once a person said whose it is.
"""

from django.dispatch import Signal

notification_settled = Signal()
message_received = Signal()
text_received = Signal()
