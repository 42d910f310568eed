from django.urls import path

from appointments.standby import views

app_name = "standby"
urlpatterns = [
    path("diary/telephone/", views.telephone, name="telephone"),
    path("diary/telephone/<uuid:pk>/", views.rang, name="rang"),
]
