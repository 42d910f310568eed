"""Addresses of booking: staff only."""

from django.urls import path

from appointments import views_booking as views

staff_urlpatterns = [
    path("diary/book/<uuid:pk>/", views.booking, name="booking"),
    path("diary/<uuid:pk>/confirm/", views.confirm, name="confirm"),
    path("diary/<uuid:pk>/release/", views.release, name="release"),
    path("diary/<uuid:pk>/link/", views.send_link_again, name="send_link_again"),
    path("diary/<uuid:pk>/move/", views.move, name="move"),
    path("diary/<uuid:pk>/cancel/", views.cancel, name="cancel"),
]
