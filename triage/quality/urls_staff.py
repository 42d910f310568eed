"""Addresses of quality and practice: staff only."""

from django.urls import path

from triage.quality import views_learning, views_practice, views_reviews, views_trend

urlpatterns = [
    path("quality/", views_reviews.reviews, name="reviews"),
    path("quality/draw/", views_reviews.draw, name="draw"),
    path("quality/trend/", views_trend.trend, name="trend"),
    path("quality/fairness/", views_trend.fairness, name="fairness"),
    path("quality/choices/", views_trend.choices, name="choices"),
    path("quality/<uuid:pk>/", views_reviews.review, name="review"),
    path("quality/<uuid:pk>/unsafe/", views_reviews.unsafe, name="unsafe"),
    path("quality/<uuid:pk>/second/", views_reviews.second, name="second"),
    path("feedback/", views_learning.feedback_list, name="feedback_list"),
    path("feedback/<uuid:pk>/", views_learning.feedback, name="feedback"),
    path("practice/", views_practice.callers, name="callers"),
    path("practice/start/", views_practice.start, name="start"),
    path("practice/<uuid:pk>/", views_practice.attempt, name="attempt"),
    path("practice/<uuid:pk>/score/", views_practice.score, name="score"),
    path("practice/<uuid:pk>/say/", views_practice.say, name="say"),
    path("practice/<uuid:pk>/outcome/", views_practice.outcome, name="outcome"),
]
