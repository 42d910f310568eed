from django.urls import path

from appointments.attempts import views

app_name = "attempts"
urlpatterns = [path("diary/<uuid:pk>/attempts/", views.series, name="series")]
