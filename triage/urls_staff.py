"""Addresses of triage: staff only."""

from django.urls import path

from triage import views

urlpatterns = [
    path("triage/", views.queue, name="queue"),
    path("triage/rows/", views.queue_rows, name="queue_rows"),
    path("triage/token/", views.token, name="token"),
    path("triage/new/", views.new_report, name="new_report"),
    path("triage/new/<uuid:pk>/", views.new_report, name="draft"),
    path("triage/new/<uuid:pk>/score/", views.score, name="score"),
    path("triage/new/<uuid:pk>/take-over/", views.take_over, name="take_over"),
    path("triage/new/<uuid:pk>/discard/", views.discard, name="discard"),
    path("triage/<uuid:pk>/", views.incident, name="incident"),
    path("triage/<uuid:pk>/assess/", views.reassess, name="reassess"),
    path("triage/<uuid:pk>/assess/score/", views.reassess_score, name="reassess_score"),
    path("triage/<uuid:pk>/choice/", views.choice, name="choice"),
    path("triage/<uuid:pk>/contact/", views.plan, name="plan"),
    path("triage/<uuid:pk>/record/", views.record, name="record"),
]
