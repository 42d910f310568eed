from django.urls import path

from messaging import views, views_handset, views_health
from messaging.transports import is_handset_allowed

app_name = "messaging"
urlpatterns = [
    path("health/texts/", views_health.texts, name="health"),
    path("traffic/", views_health.traffic, name="traffic"),
    path("tasks/", views.staff_tasks_page, name="staff_tasks"),
    path("tasks/<uuid:pk>/take/", views.take, name="take"),
    path("tasks/<uuid:pk>/give-back/", views.give_back, name="give_back"),
    path("tasks/<uuid:pk>/done/", views.done, name="done"),
    path("tasks/<uuid:pk>/try-again/", views.try_again, name="try_again"),
    path("texts/<uuid:pk>/", views.inboundtext, name="inboundtext"),
    path("notifications/<uuid:pk>/", views.delivery_state, name="delivery_state"),
]
if is_handset_allowed():
    urlpatterns += [
        path("handset/", views_handset.handset, name="handset"),
        path("handset/phones/", views_handset.phones, name="phones"),
        path("handset/<uuid:pk>/reply/", views_handset.handset_reply, name="handset_reply"),
        path(
            "handset/<uuid:pk>/appointment.ics",
            views_handset.handset_calendar,
            name="handset_calendar",
        ),
    ]
