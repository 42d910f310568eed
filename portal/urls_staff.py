"""Addresses of cases: staff only."""

from django.urls import path

from portal import views_staff as views

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/inbox/", views.inbox, name="inbox"),
    path("cases/open/<uuid:pk>/", views.open_case, name="open_case"),
    path("cases/<uuid:pk>/", views.case, name="case"),
    path("cases/<uuid:pk>/message/", views.message, name="message"),
    path("cases/<uuid:pk>/update/", views.update, name="update"),
    path("cases/<uuid:pk>/owed/<uuid:entitlement_pk>/", views.owed, name="owed"),
    path("cases/<uuid:pk>/needs/", views.needs, name="needs"),
    path("cases/<uuid:pk>/officer/", views.assign, name="assign"),
    path("cases/<uuid:pk>/invite/", views.invite, name="invite"),
]
