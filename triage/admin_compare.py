"""The page of admin that shows what a policy would change, and the only one that publishes it."""

import hashlib
import json
from dataclasses import dataclass

from django.contrib import messages
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from triage import comparing, policies, thrive
from triage.models import Assessment, Policy
from victimcontact.accounts import fresh
from victimcontact.audit import ledger

KEPT_SECONDS = 3600
SEEN_SECONDS = 24 * 3600
SALT = "triage.policy.compared"
BAR = 220  # the width of the longest bar
NAMES = {
    "labelled": "Labelled reports",
    "past": f"Past assessments, the last {comparing.LAST} at most",
}


@require_http_methods(["GET", "POST"])
def compare(request, site, pk):
    """GET compares a step further; POST publishes what this person has seen compared."""
    if request.method == "POST":
        return fresh.ask(request, fresh.WRITING) or _publish(request, pk)
    policy = get_object_or_404(Policy, pk=pk)
    in_force = policies.published(at=now())
    if policy.status == Policy.Status.PUBLISHED:
        messages.info(
            request, f"Version {policy.version} is in force: there is nothing to compare."
        )
        return redirect("admin:triage_policy_change", pk)
    try:
        after = policies.draft_rules(policy)
    except thrive.PolicyError as error:
        messages.error(request, f"The engine cannot use version {policy.version}: {error}")
        return redirect("admin:triage_policy_change", pk)
    print_ = _print(policy, in_force)
    key = f"policy-compared:{request.user.pk}:{print_}"
    if "afresh" in request.GET:
        cache.delete(key)
        return redirect("admin:triage_policy_compare", pk)
    state = cache.get(key)
    if state is None or not comparing.is_done(state):
        state = state or comparing.start()
        state = comparing.go_on(state, before=policies.rules(in_force), after=after)
        cache.set(key, state, KEPT_SECONDS)
        if comparing.is_done(state):
            _note(policy, in_force, state, request.user)
    done = comparing.is_done(state)
    samples = [_Sample.of(name, sample) for name, sample in state.items()]
    context = {
        **site.each_context(request),
        "title": f"What version {policy.version} would change",
        "opts": Policy._meta,
        "policy": policy,
        "in_force": in_force,
        "done": done,
        "compared": sum(sample.compared for sample in samples),
        "total": sum(sample.total for sample in samples),
        "samples": samples,
        "seen": signing.dumps([str(request.user.pk), print_], salt=SALT) if done else "",
    }
    return TemplateResponse(request, "admin/triage/policy/compare.html", context)


@transaction.atomic
def _publish(request, pk):
    # Locked before it is looked at: a draft saved in another tab must not slip in unseen.
    policy = get_object_or_404(Policy.objects.select_for_update(), pk=pk)
    try:
        seen = signing.loads(request.POST.get("seen", ""), salt=SALT, max_age=SEEN_SECONDS)
    except signing.BadSignature:
        seen = None
    if seen != [str(request.user.pk), _print(policy, policies.published(at=now()))]:
        messages.error(
            request,
            "Not published: the policy has changed since it was compared. Read what it would"
            " change now",
        )
        return redirect("admin:triage_policy_compare", pk)
    policies.publish(policy, by=request.user, at=now())
    messages.success(
        request,
        f"Version {policy.version} is published: every new assessment uses it from now on.",
    )
    return redirect("admin:triage_policy_changelist")


def _print(policy, in_force):
    """A fingerprint of the rules compared and of what they were compared with."""
    text = json.dumps([str(policy.pk), policy.data, str(in_force.pk)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _note(policy, in_force, state, by):
    ledger.record(
        "policy.compared",
        by=by,
        about=policy,
        at=now(),
        version=policy.version,
        beside=in_force.version,
        compared={name: sample["done"] for name, sample in state.items()},
        changed={name: len(sample["changes"]) for name, sample in state.items()},
    )


@dataclass(frozen=True)
class _Bar:
    grade: int
    label: str
    y: int
    before: int
    after: int
    before_width: int
    after_width: int


@dataclass(frozen=True)
class _Sample:
    """One of the two samples as people read it."""

    title: str
    is_there: bool
    compared: int
    total: int
    bars: list
    moved: list  # (from grade, [counts by grade now])
    faults: list  # (what, before, after)
    changes: list
    milder: int
    opened: int

    @classmethod
    def of(cls, name, sample):
        matrix, changes = sample["matrix"], sample["changes"]
        return cls(
            title=NAMES[name],
            is_there=sample["is_there"],
            compared=sample["done"],
            total=len(sample["todo"]),
            bars=_bars(matrix),
            moved=[
                (grade, [(to, matrix[grade - 1][to - 1]) for to in thrive.GRADES])
                for grade in thrive.GRADES
            ],
            faults=[(say, *sample["faults"][key]) for key, say in comparing.FAULTS.items()]
            if name == "labelled"
            else [],
            changes=_changes(name, changes),
            milder=sum(change["grades"][1] > change["grades"][0] for change in changes),
            opened=sum(change["video"] == [False, True] for change in changes),
        )


def _bars(matrix):
    before = [sum(row) for row in matrix]
    after = [sum(column) for column in zip(*matrix, strict=True)]
    longest = max(*before, *after, 1)
    return [
        _Bar(grade, label, 64 * place, b, a, BAR * b // longest, BAR * a // longest)
        for place, ((grade, label), b, a) in enumerate(
            zip(thrive.GRADES.items(), before, after, strict=True)
        )
    ]


def _changes(name, changes):
    """The changed reports, those that might be dangerous first, with a way to each."""
    rows, cases = {}, {}
    if name == "labelled" and changes:
        cases = {case["id"]: case["narrative"] for case in comparing.labelled() or ()}
    if name == "past":
        keys = [change["key"] for change in changes]
        found = Assessment.objects.filter(pk__in=keys).select_related("incident")
        rows = {str(row.pk): row for row in found}
    told = []
    for change in changes:
        row = rows.get(change["key"])
        told.append(
            {
                **change,
                "label": f"{row.incident.reference}, assessment {row.number}"
                if row
                else change["key"],
                "words": Truncator(cases.get(change["key"], "")).chars(160),
                "address": reverse("admin:triage_incident_change", args=[row.incident_id])
                if row
                else "",
                "gained": [thrive.FLAGS[flag] for flag in change["gained"]],
                "lost": [thrive.FLAGS[flag] for flag in change["lost"]],
                "is_milder": change["grades"][1] > change["grades"][0],
                "is_opened": change["video"] == [False, True],
                "is_shut": change["video"] == [True, False],
            }
        )
    return sorted(told, key=lambda c: (not c["is_milder"], not c["is_opened"], not c["lost"]))
