"""Addresses of the victim's case: two, and neither says what it is."""

from django.urls import path

from portal import views_public as views

urlpatterns = [
    path("portal/", views.home, name="home"),
    path("portal/copy/", views.copy, name="copy"),
]
