"""What Twilio says of a message, for those who only read it."""

# Twilio's own words for what becomes of a message, and the house's.
TWILIO_STATUS = {
    "accepted": "sent",
    "scheduled": "sent",
    "queued": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "canceled": "undelivered",
}
OPTED_OUT = {"21610"}  # the person answered STOP
