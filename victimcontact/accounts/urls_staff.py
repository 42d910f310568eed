"""The staff door."""

from django.conf import settings
from django.urls import path

from victimcontact.accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/code/", views.sign_in_code, name="sign_in_code"),
    path("sign-in/again/", views.prove, name="prove"),
    path("sign-out/", views.sign_out, name="sign_out"),
]
if settings.DEMONSTRATION:
    urlpatterns.append(path("sign-in/demo/<slug:role>/", views.demo_sign_in, name="demo_sign_in"))
