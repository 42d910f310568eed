"""Addresses of the diary, the room, booking and statements: staff only."""

from django.urls import path

from appointments import urls_booking, urls_statement, views_desk, views_diary, views_room

app_name = "appointments"
urlpatterns = [
    path("diary/", views_diary.my_day, name="my_day"),
    path("diary/week/", views_diary.week, name="week"),
    path("diary/desk/", views_desk.desk, name="desk"),
    path("diary/desk/place/", views_desk.place, name="desk_place"),
    path("diary/<uuid:pk>/", views_diary.appointment, name="appointment"),
    path("diary/<uuid:pk>/report/", views_diary.report, name="appointment_report"),
    path("diary/<uuid:pk>/room/", views_room.room, name="room"),
    path("diary/<uuid:pk>/room/state/", views_room.room_state, name="room_state"),
    path("diary/<uuid:pk>/room/admit/", views_room.admit, name="admit"),
    path("diary/<uuid:pk>/room/end/", views_room.end, name="end"),
    *urls_booking.staff_urlpatterns,
    *urls_statement.staff_urlpatterns,
]
