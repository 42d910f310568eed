"""The digital desk."""

from django.urls import path

from triage.chat import views_desk, views_here

urlpatterns = [
    path("desk/", views_desk.desk, name="desk"),
    path("desk/rows/", views_desk.rows, name="rows"),
    path("desk/here/", views_here.here, name="here"),
    path("desk/<uuid:pk>/", views_desk.talk, name="talk"),
    path("desk/<uuid:pk>/lines/", views_desk.talk_lines, name="talk_lines"),
    path("desk/<uuid:pk>/take/", views_desk.take, name="take"),
    path("desk/<uuid:pk>/give-back/", views_desk.give_back, name="give_back"),
    path("desk/<uuid:pk>/answer/", views_desk.answer, name="answer"),
    path("desk/<uuid:pk>/report/", views_desk.report, name="report"),
    path("desk/<uuid:pk>/end/", views_desk.end, name="end"),
]
