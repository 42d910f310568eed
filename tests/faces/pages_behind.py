"""The door and the way out, with two pages behind that hold words which must not stay."""

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from victimcontact.middleware import uses_camera
from victimcontact.people.visits import require_visit

SEEDED = ("Quillfeather", "Brambleworth")
PAGE = """
{% extends "base_public.html" %}
{% block content %}
<h1 class="govuk-heading-l">Brambleworth</h1>
<p class="govuk-body">Quillfeather asked for this.</p>
<p class="govuk-body"><a class="govuk-link" href="/behind/more/">More</a></p>
<label class="govuk-label" for="said">Say</label>
<textarea class="govuk-textarea" id="said" autocomplete="off"></textarea>
<dialog id="asks"><button>Close</button></dialog>
<video id="seen" muted playsinline></video>
{% endblock %}
"""


@uses_camera
@require_visit("appointment")
def behind(request):
    return HttpResponse(engines["django"].from_string(PAGE).render({}, request))


urlpatterns = [
    path("behind/", behind),
    path("behind/more/", behind),
    path("", include("victimcontact.people.urls_public")),
]
