"""Where somebody reports without an account."""

from django.urls import path

from triage.desk import views

urlpatterns = [
    path("report/", views.report, name="report"),
    path("report/still/", views.still, name="still"),
]
