"""Where a visitor writes with the desk."""

from django.urls import path

from triage.chat import views_public

urlpatterns = [
    path("chat/", views_public.chat, name="chat"),
    path("chat/lines/", views_public.lines, name="lines"),
    path("chat/still/", views_public.still, name="still"),
]
