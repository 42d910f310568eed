"""Addresses of the board and of shifts: staff only."""

from django.urls import path

from triage.shifts import views

urlpatterns = [
    path("triage/board/", views.board, name="board"),
    path("triage/board/now/", views.board_now, name="board_now"),
    path("triage/board/<uuid:pk>/", views.act, name="act"),
    path("triage/<uuid:pk>/owner/take/", views.take_over, name="take_over"),
    path("triage/<uuid:pk>/owner/assign/", views.assign, name="assign"),
    path("triage/<uuid:pk>/pin/", views.pin, name="pin"),
    path("triage/<uuid:pk>/unpin/", views.unpin, name="unpin"),
    path("triage/hand-over/", views.hand_over, name="hand_over"),
    path("triage/hand-over/<uuid:pk>/", views.acknowledge, name="acknowledge"),
    path("triage/duty/", views.say_duty, name="say_duty"),
]
