"""Addresses of what a control room does about an incident: staff only."""

from django.urls import path

from triage.control import views_closing, views_officers, views_record

urlpatterns = [
    path("triage/officers/", views_officers.officers, name="officers"),
    path("triage/officers/export.json", views_officers.officers_json, name="officers_json"),
    path("triage/officers/export.csv", views_officers.officers_csv, name="officers_csv"),
    path("triage/officers/<uuid:pk>/", views_officers.officers_step, name="officers_step"),
    path("triage/untold/", views_record.untold, name="untold"),
    path("triage/new/<uuid:pk>/officers/", views_officers.send_report, name="send_report"),
    path("triage/<uuid:pk>/officers/", views_officers.send, name="send"),
    path("triage/<uuid:pk>/checks/", views_record.checks, name="checks"),
    path("triage/<uuid:pk>/advice/", views_record.advice, name="advice"),
    path("triage/<uuid:pk>/safeguarding/", views_record.safeguarding, name="safeguarding"),
    path("triage/<uuid:pk>/told/", views_record.told, name="told"),
    path("triage/<uuid:pk>/close/", views_closing.close, name="close"),
    path("triage/<uuid:pk>/reopen/", views_closing.reopen, name="reopen"),
]
