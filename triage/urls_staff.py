"""Addresses of triage: staff only."""

from django.urls import path

from triage import views_choice, views_incident, views_queue, views_reassess, views_report

urlpatterns = [
    path("triage/", views_queue.queue, name="queue"),
    path("triage/rows/", views_queue.queue_rows, name="queue_rows"),
    path("triage/token/", views_report.token, name="token"),
    path("triage/new/", views_report.new_report, name="new_report"),
    path("triage/new/<uuid:pk>/", views_report.new_report, name="draft"),
    path("triage/new/<uuid:pk>/score/", views_report.score, name="score"),
    path("triage/new/<uuid:pk>/take-over/", views_report.take_over, name="take_over"),
    path("triage/new/<uuid:pk>/discard/", views_report.discard, name="discard"),
    path("triage/<uuid:pk>/", views_incident.incident, name="incident"),
    path("triage/<uuid:pk>/assess/", views_reassess.reassess, name="reassess"),
    path("triage/<uuid:pk>/here/", views_incident.here, name="here"),
    path("triage/<uuid:pk>/assess/score/", views_reassess.reassess_score, name="reassess_score"),
    path(
        "triage/<uuid:pk>/assess/take-over/",
        views_reassess.reassess_take_over,
        name="reassess_take_over",
    ),
    path(
        "triage/<uuid:pk>/assess/<uuid:draft>/",
        views_reassess.reassess_draft,
        name="reassess_draft",
    ),
    path(
        "triage/<uuid:pk>/assess/<uuid:draft>/discard/",
        views_reassess.reassess_discard,
        name="reassess_discard",
    ),
    path("triage/<uuid:pk>/choice/", views_choice.choice, name="choice"),
    path("triage/<uuid:pk>/contact/", views_choice.plan, name="plan"),
    path("triage/<uuid:pk>/record/", views_choice.record, name="record"),
]
