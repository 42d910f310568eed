"""Addresses of statements and exhibits. On the victim's side they say nothing of what they are."""

from django.urls import path

from appointments import views_evidence, views_statement

staff_urlpatterns = [
    path("diary/<uuid:pk>/statement/", views_statement.statement, name="statement"),
    path(
        "diary/<uuid:pk>/statement/start/", views_statement.statement_start, name="statement_start"
    ),
    path("diary/<uuid:pk>/statement/save/", views_statement.statement_save, name="statement_save"),
    path(
        "diary/<uuid:pk>/statement/reopen/",
        views_statement.statement_reopen,
        name="statement_reopen",
    ),
    path("diary/<uuid:pk>/statement/seal/", views_statement.statement_seal, name="statement_seal"),
    path(
        "diary/<uuid:pk>/statement/correct/",
        views_statement.statement_correct,
        name="statement_correct",
    ),
    path(
        "diary/<uuid:pk>/statement/<uuid:version_pk>/file/",
        views_statement.statement_file,
        name="statement_file",
    ),
    path("diary/<uuid:pk>/exhibits/", views_evidence.exhibits, name="exhibits"),
    path("diary/<uuid:pk>/exhibits/<uuid:exhibit_pk>/", views_evidence.exhibit, name="exhibit"),
    path(
        "diary/<uuid:pk>/exhibits/<uuid:exhibit_pk>/copy/",
        views_evidence.exhibit_copy,
        name="exhibit_copy",
    ),
]

# Two parts each: an address of one part after /a/ belongs to the door.
public_urlpatterns = [
    path("a/page/1/", views_statement.statement_victim, name="statement_victim"),
    path("a/page/2/", views_statement.statement_sign, name="statement_sign"),
    path("a/page/3/", views_statement.statement_victim_file, name="statement_victim_file"),
    path("a/page/4/", views_evidence.exhibits_victim, name="exhibits_victim"),
]
