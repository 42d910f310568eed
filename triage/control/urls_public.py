"""The victim's page of advice that was sent."""

from django.urls import path

from triage.control import views_public

urlpatterns = [path("n/", views_public.notes, name="notes")]
