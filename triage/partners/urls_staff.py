"""Addresses of partners: staff only."""

from django.urls import path

from triage.partners import views_cards, views_referrals, views_repeats

urlpatterns = [
    path("partners/", views_referrals.referrals, name="referrals"),
    path("partners/repeats/", views_repeats.repeat_list, name="repeats"),
    path("partners/missing/", views_repeats.missing, name="missing"),
    path("partners/refer/<uuid:pk>/", views_referrals.refer, name="refer"),
    path("partners/referral/<uuid:pk>/", views_referrals.referral, name="referral"),
    path("partners/referral/<uuid:pk>/move/", views_referrals.move, name="move"),
    path("partners/referral/<uuid:pk>/form/", views_referrals.form, name="form"),
    path("partners/cards/<uuid:pk>/", views_cards.tick, name="tick"),
    path("partners/cards/<uuid:pk>/<slug:card>/", views_cards.card, name="card"),
]
