from django.urls import path

from messaging import webhooks

app_name = "messaging"
urlpatterns = [
    path("webhooks/twilio/status/<uuid:pk>/", webhooks.status, name="twilio_status"),
    path("webhooks/twilio/inbound/", webhooks.inbound, name="twilio_inbound"),
]
