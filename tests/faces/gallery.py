"""URLs of two pages that show every shared part, once on each face."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from victimcontact.accounts.middleware import open_to_all

PARTS = """
{% include "components/error_summary.html" %}
<h1 class="govuk-heading-l">Every part</h1>
<form method="post" novalidate autocomplete="off">
  {% csrf_token %}
  {% include "components/field.html" with field=form.phone css="govuk-input--width-20" %}
  {% include "components/field.html" with field=form.money prefix="£" css="govuk-input--width-5" %}
  {% include "components/field.html" with field=form.said rows=3 %}
  {% include "components/field.html" with field=form.how label_size="m" %}
  {% include "components/field.html" with field=form.where label="Where is it safe?" %}
  {% include "components/field.html" with field=form.sure %}
  {% include "components/field.html" with field=form.desk %}
  {% include "components/field.html" with field=form.photo %}
  {% include "components/field.html" with field=form.when %}
  {% include "components/field.html" with field=form.token %}
  <div class="govuk-button-group">
    {% include "components/button.html" with text="Save and go on" %}
    {% include "components/button.html" with text="Not now" kind="secondary" %}
    {% include "components/button.html" with text="Elsewhere" kind="secondary" address="/exit" %}
  </div>
</form>
{% include "components/summary_list.html" with rows=rows %}
{% include "components/inset.html" with text="You can stop at any time." %}
{% include "components/details.html" with summary="What happens next" text="An officer rings." %}
{% include "components/tag.html" with text="Booked" colour="green" %}
{% include "components/notification_banner.html" with text="Your time has changed." %}
"""
PUBLIC = '{% extends "base_public.html" %}{% block content %}' + PARTS + "{% endblock %}"
STAFF = (
    """{% extends "base_staff.html" %}
{% block title %}Every part{% endblock %}
{% block context %}
{% include "components/context_bar.html" with lead=lead grade=2 word="Priority" facts=facts %}
{% endblock %}
{% block before %}
{% include "components/back_link.html" with address="/" text="Queue" %}
{% endblock %}
{% block content %}
<div class="vc-split"><div>"""
    + PARTS
    + """</div><aside class="vc-split__stays" aria-label="Assessment">
<div class="vc-card vc-card--attention"><h2 class="vc-card__title">Why grade 2</h2>
<dl class="vc-facts"><dt>Threat</dt><dd>A named person may come back</dd>
<dt>Harm</dt><dd>Bruised arm, seen by a doctor</dd></dl></div>
<p>{% include "components/grade.html" with grade=1 word="Immediate" %}
{% include "components/grade.html" with grade=2 word="Priority" %}
{% include "components/grade.html" with grade=3 word="Scheduled" %}
{% include "components/grade.html" with grade=4 word="Without deployment" %}</p>
<p>{% include "components/grade.html" with grade=1 word="Immediate" large=True %}</p>
</aside></div>
{% include "components/tabs.html" with label="Diary" tabs=tabs %}
<div class="vc-scroll" tabindex="0" role="region" aria-label="Queue"><table class="vc-table">
<thead><tr><th scope="col">Grade</th><th scope="col">Report</th><th scope="col">Due</th></tr>
</thead>
<tbody><tr><td>{% include "components/grade.html" with grade=3 word="Scheduled" %}</td>
<td><a class="govuk-link" href="/">NM-7CK4TQ-H</a></td>
<td class="vc-table__late">12 minutes late</td>
</tr></tbody></table></div>
{% endblock %}"""
)


class EveryField(forms.Form):
    """One of each kind of control."""

    phone = forms.CharField(label="Phone number", help_text="For example, 07700 900123")
    money = forms.IntegerField(label="Value")
    said = forms.CharField(label="What happened?", widget=forms.Textarea)
    how = forms.ChoiceField(
        label="How would you like to talk?",
        help_text="You decide.",
        choices=[("video", "By video"), ("visit", "An officer comes to you")],
        widget=forms.RadioSelect,
    )
    how.choice_hints = {"video": "On your phone, with nobody at the door"}
    where = forms.MultipleChoiceField(
        choices=[("home", "At home"), ("work", "At work")], widget=forms.CheckboxSelectMultiple
    )
    sure = forms.BooleanField(label="I have read this", help_text="All of it")
    desk = forms.ChoiceField(label="Desk", choices=[("", ""), ("v", "Video diary")])
    photo = forms.FileField(label="Photo")
    when = forms.SplitDateTimeField(label="When", require_all_fields=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        raise forms.ValidationError("This time is no longer held. Choose another time")


def page(source):
    @open_to_all
    def view(request):
        if request.method == "POST":
            messages.success(request, "Saved.")
        form = EveryField(request.POST if request.method == "POST" else None)
        context = {
            "form": form,
            "lead": "NM-7CK4TQ-H",
            "facts": [{"key": "Due", "value": "14:20"}, {"key": "Desk", "value": "Video diary"}],
            "rows": [
                {
                    "key": "When",
                    "value": "Tuesday 6 May\n2:30pm",
                    "address": "/",
                    "action": "Change",
                },
                {"key": "How", "value": "By video"},
            ],
            "tabs": [
                {"name": "My day", "address": "/diary/", "current": True, "count": 3},
                {"name": "Week", "address": "/diary/week/"},
            ],
        }
        return HttpResponse(engines["django"].from_string(source).render(context, request))

    return view


def nothing(request):
    return HttpResponse("")


def names(*pairs):
    return [path(address, nothing, name=name) for name, address in pairs]


urlpatterns = [
    path("gallery/staff/", page(STAFF)),
    path("a/gallery/", page(PUBLIC)),
    path("", include("victimcontact.people.urls_public")),
    path("", include((names(("home", ""), ("sign_out", "sign-out/")), "accounts"))),
    path("", include((names(("queue", "triage/")), "triage"))),
    path("", include((names(("my_day", "diary/")), "appointments"))),
    path("", include((names(("cases", "cases/")), "portal"))),
    path("", include((names(("staff_tasks", "tasks/"), ("handset", "handset/")), "messaging"))),
]
