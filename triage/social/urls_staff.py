"""What the desk does with a talk on WhatsApp or Messenger."""

from django.urls import path

from triage.social import views

urlpatterns = [
    path("desk/social/<uuid:pk>/", views.talk, name="talk"),
    path("desk/social/<uuid:pk>/lines/", views.talk_lines, name="talk_lines"),
    path("desk/social/<uuid:pk>/take/", views.take, name="take"),
    path("desk/social/<uuid:pk>/give-back/", views.give_back, name="give_back"),
    path("desk/social/<uuid:pk>/answer/", views.answer, name="answer"),
    path("desk/social/<uuid:pk>/safe/", views.safe, name="safe"),
    path("desk/social/<uuid:pk>/no-answer/", views.no_answer, name="no_answer"),
]
