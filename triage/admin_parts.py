"""A policy part by part: each a page with its own TOML, checked whole when it is saved.

A published policy is shown in the same pages and cannot be changed there. Each page shows what
the version would change of the one in force.
"""

import difflib
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from triage import admin_toml, policies, thrive
from triage.models import Policy
from victimcontact.audit import ledger

LONGEST = 400_000  # characters of one part
NAME = re.compile(r"^[a-z][a-z0-9_]{0,59}$")
WORDS = ("version", "leave_alone")
PARTS = {
    "floors": ("Floors", "What raises a grade, whatever else is heard."),
    "starts": ("Starts", "The grade a report begins at: the first that holds."),
    "links": ("Links", "What follows from what was heard."),
    "questions": ("Questions", "What a handler may be told to ask next."),
    "answers": ("Answers", "What an answer, or an earlier record, raises."),
    "video": ("Video", "What stands against a video appointment."),
    "levels": ("Levels", "What raises one of the six elements."),
    "doubts": ("Doubts", "What a person is warned of."),
    "families": ("Families of words", "Named lists that patterns refer to with @."),
    "shorthand": ("Shorthand", "Words as people write them, and the plain words they stand for."),
    "reading": ("Reading", "How sure the reader of whole reports has to be."),
    "listening": ("Listening", "Idioms, denials, dates and what is not real."),
    "words": ("Version and words left alone", "Words in their own right that look like a slip."),
}


class PartError(ValueError):
    """A part cannot be kept. ``line`` counts from 1, None where no line is at fault."""

    def __init__(self, message, line=None):
        self.line = line
        super().__init__(message)


@dataclass(frozen=True)
class Part:
    """One part of a policy: a key of its rules, or the cues that raise one signal."""

    key: str
    raises: str = ""

    @property
    def title(self):
        if self.raises:
            return f"Cues: {thrive.FLAGS.get(self.raises, self.raises)}"
        return PARTS.get(self.key, (self.key, ""))[0]

    @property
    def help(self):
        if self.raises:
            return f"Words to listen for that raise {self.raises}."
        return PARTS.get(self.key, ("", ""))[1]

    @property
    def fields(self):
        """The keys of the rules that this part holds."""
        return WORDS if self.key == "words" else (self.key,)

    def of(self, data) -> dict:
        """This part of ``data``."""
        found = {key: data[key] for key in self.fields if key in data}
        if self.raises:
            rows = [row for row in data.get("cues", ()) if row.get("raises") == self.raises]
            found = {"cues": rows} if rows else {}
        return found

    def text(self, data) -> str:
        return admin_toml.written(self.of(data))

    def read(self, text, data) -> dict:
        """``data`` with this part as ``text`` has it. Raises PartError."""
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("#"):
                raise PartError("A note after # would be lost: say it in a rule's “say”", number)
        try:
            typed = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _not_toml(error, text) from error
        for key in typed:
            if key not in self.fields:
                line = admin_toml.line_of(text, key)
                raise PartError(f"“{key}” does not belong to this part", line)
        if self.raises:
            return {**data, "cues": self._cues(typed.get("cues", []), data, text)}
        if self.key in data and not typed:
            typed = {self.key: type(data.get(self.key, []))()}
        kept = {key: value for key, value in data.items() if key not in self.fields}
        for key, value in typed.items():
            if key in data and type(value) is not type(data[key]):
                raise PartError(f"“{key}” has to stay what it was", admin_toml.line_of(text, key))
        return {**kept, **typed}

    def _cues(self, typed, data, text):
        if not isinstance(typed, list):
            raise PartError("Each cue begins with [[cues]]", admin_toml.line_of(text, "cues"))
        starts = admin_toml.rows_at(text, "cues")
        for number, row in enumerate(typed):
            if not isinstance(row, dict) or row.get("raises") != self.raises:
                line = starts[number] if number < len(starts) else None
                raise PartError(f"Each cue of this page needs raises = “{self.raises}”", line)
        # Each stays where it stood, since the first of several that fit is the one that counts.
        waiting, cues, last = list(typed), [], 0
        for row in data.get("cues", ()):
            if row.get("raises") != self.raises:
                cues.append(row)
            elif waiting:
                cues.append(waiting.pop(0))
                last = len(cues)
        last = last or len(cues)
        return [*cues[:last], *waiting, *cues[last:]]

    def fault(self, message, text, data):
        """The PartError for what the engine says of ``data``, where this part has ``text``."""
        named = re.match(r"(\w+)(?:\.\w+)? ?(\d*)", message)
        key, number = named[1], int(named[2] or 0)
        if key not in self.fields and (key in PARTS or key in data) and number:
            return PartError(f"Another part would no longer work. {message}")
        starts, start, end = admin_toml.rows_at(text, key), 0, None
        if number:
            if self.raises:
                before = data["cues"][: number - 1]
                if data["cues"][number - 1].get("raises") != self.raises:
                    return PartError(f"Another part would no longer work. {message}")
                number = 1 + sum(row.get("raises") == self.raises for row in before)
            if number <= len(starts):
                start = starts[number - 1] - 1
                end = starts[number] - 1 if number < len(starts) else None
        for words in re.findall(r"“([^”]+)”", message):
            if line := admin_toml.line_of(text, words.split(" = ")[0], start, end):
                return PartError(message, line)
        return PartError(message, start + 1 if number else None)


def _not_toml(error, text):
    message = str(error)
    if found := re.search(r" \(at line (\d+), column \d+\)", message):
        return PartError(f"This is not TOML: {message.replace(found[0], '')}", int(found[1]))
    last = len(text.splitlines()) or None
    return PartError(f"This is not TOML: {message.replace(' (at end of document)', '')}", last)


def parts_of(*policies_data) -> list[Part]:
    """Every part that one of these rules has, the cues by flag and then by signal."""
    keys = {key for data in policies_data for key in data}
    others = sorted(keys - set(PARTS) - {"cues", *WORDS})
    raised = {row.get("raises") for data in policies_data for row in data.get("cues", ())}
    names = [*thrive.FLAGS, *sorted(raised - set(thrive.FLAGS) - {None})]
    return [*map(Part, PARTS), *map(Part, others), *(Part("cues", name) for name in names)]


@dataclass(frozen=True)
class Change:
    """A rule that one version has and the other has not, or has otherwise."""

    kind: str  # "Added", "Changed" or "Removed"
    label: str
    lines: list  # of (sign, text)


def changes(part, before, after) -> list[Change]:
    """What ``after`` changes of ``before`` in this part, rule by rule."""
    was, will = part.of(before), part.of(after)
    if was == will:
        return []
    old, new = _rules(was), _rules(will)
    found = []
    steps = difflib.SequenceMatcher(
        a=[text for _, text in old], b=[text for _, text in new], autojunk=False
    ).get_opcodes()
    for step, i, j, k, m in steps:
        if step == "equal":
            continue
        gone, come = old[i:j], new[k:m]
        # Of rules that took the place of others, the same label is the same rule.
        for label, text in gone:
            same = next((row for row in come if row[0] == label), None)
            if same:
                come.remove(same)
                found.append(Change("Changed", label, _differing(text, same[1])))
            else:
                found.append(Change("Removed", label, [("-", line) for line in text.split("\n")]))
        found += [
            Change("Added", label, [("+", line) for line in text.split("\n")])
            for label, text in come
        ]
    return found


def _rules(tables):
    """(label, text) of each rule: the rows of a list, the entries of a table."""
    rules = []
    for key, value in sorted(tables.items()):
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            for row in value:
                name = row.get("raises") or row.get("key") or row.get("reason") or ""
                label = " · ".join(filter(None, (name, row.get("say") or row.get("text"))))
                rules.append((label or key, admin_toml.written({key: [row]}, spread=True).strip()))
        elif isinstance(value, dict):
            rules += [
                (name, admin_toml.written({name: entry}, spread=True).strip())
                for name, entry in sorted(value.items())
            ]
        else:
            rules.append((key, admin_toml.written({key: value}, spread=True).strip()))
    return rules


def _differing(before, after):
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), n=1, lineterm="")
    return [(line[0], line[1:]) for line in list(lines)[2:] if line[0] != "@"]


class PartForm(forms.Form):
    """The text of one part. ``before`` is a print of the part as the page showed it."""

    text = forms.CharField(
        label="Rules as TOML",
        required=False,
        strip=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 32, "spellcheck": "false", "autocomplete": "off"}),
    )
    before = forms.CharField(required=False, widget=forms.HiddenInput)


def overview(policy):
    """What the page of a policy lists: its parts with what each would change."""
    in_force = policies.published(at=now())
    before = in_force.data if in_force.pk != policy.pk else policy.data
    rows = []
    for part in parts_of(policy.data, before):
        held = part.of(policy.data)
        rows.append(
            {
                "part": part,
                "size": sum(len(v) if isinstance(v, (list, dict)) else 1 for v in held.values()),
                "changes": changes(part, before, policy.data),
                "address": _address(policy, part),
            }
        )
    return {
        "in_force": in_force,
        "is_in_force": in_force.pk == policy.pk,
        "groups": [
            ("Rules and words", [row for row in rows if not row["part"].raises]),
            ("Cues", [row for row in rows if row["part"].raises]),
        ],
        "changed_parts": [row for row in rows if row["changes"]],
    }


def _address(policy, part):
    if part.raises:
        return reverse("admin:triage_policy_cues", args=[policy.pk, part.raises])
    return reverse("admin:triage_policy_part", args=[policy.pk, part.key])


@require_http_methods(["GET"])
def other_cues(request, pk):
    """The page of the cues of a signal that has none yet, by the name that was typed."""
    name = request.GET.get("raises", "").strip().lower().replace(" ", "_")
    if not NAME.match(name):
        messages.error(request, "Enter a name of small letters, figures and _, like scam_call")
        return redirect("admin:triage_policy_change", pk)
    return redirect("admin:triage_policy_cues", pk, name)


@require_http_methods(["GET", "POST"])
def page(request, model_admin, pk, key, raises=""):
    """One part: shown, and in a draft changed. A text that cannot be kept is given back whole."""
    policy = get_object_or_404(Policy, pk=pk)
    if not model_admin.has_view_permission(request, policy):
        raise PermissionDenied
    part = Part(key, raises)
    in_force = policies.published(at=now())
    if part not in parts_of(policy.data, in_force.data) and not (raises and NAME.match(raises)):
        raise Http404
    may_change = model_admin.has_change_permission(request, policy)
    fault = None
    if request.method == "POST":
        form = PartForm(request.POST)
        try:
            policy = _save(form, part, pk, model_admin, request)
        except PartError as error:
            fault = error
        else:
            messages.success(request, f"{part.title} of version {policy.version} is saved.")
            return redirect(_address(policy, part))
    else:
        form = PartForm(initial={"text": part.text(policy.data), "before": _print(part, policy)})
    differs = [] if in_force.pk == policy.pk else changes(part, in_force.data, policy.data)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": part.title,
        "opts": Policy._meta,
        "policy": policy,
        "in_force": in_force,
        "is_in_force": in_force.pk == policy.pk,
        "part": part,
        "form": form,
        "may_change": may_change,
        "changes": differs,
        "fault": fault,
        "excerpt": _excerpt(form["text"].value() or "", fault.line) if fault else [],
    }
    status = 422 if fault else 200
    return TemplateResponse(request, "admin/triage/policy/part.html", context, status=status)


@transaction.atomic
def _save(form, part, pk, model_admin, request):
    policy = Policy.objects.select_for_update().get(pk=pk)
    if not model_admin.has_change_permission(request, policy):
        if model_admin.has_change_permission(request):
            raise PartError("This version is not a draft any more: it can only be read")
        raise PermissionDenied
    if not form.is_valid():
        raise PartError(" ".join(form.errors.get("text", ["The page was sent without its text"])))
    if form.cleaned_data["before"] != _print(part, policy):
        raise PartError(
            "This part was changed by somebody else meanwhile. Your text is kept below: open the"
            " part in another tab, put the two together, and save there"
        )
    text = form.cleaned_data["text"].replace("\r\n", "\n")
    data = part.read(text, policy.data)
    try:
        policies.check(data)
    except thrive.PolicyError as error:
        raise part.fault(str(error), text, data) from error
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise PartError("The engine cannot use this: a rule has the wrong shape") from error
    found = changes(part, policy.data, data)
    policy.data = data
    policy.save(update_fields=["data"])
    ledger.record(
        "policy.changed",
        by=request.user,
        about=policy,
        at=now(),
        version=policy.version,
        part=part.raises or part.key,
        changed={kind: sum(c.kind == kind for c in found) for kind in {c.kind for c in found}},
    )
    return policy


def _print(part, policy):
    text = json.dumps(part.of(policy.data), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _excerpt(text, line):
    """(number, text, whether it is the one at fault) of the lines around ``line``."""
    if line is None:
        return []
    lines = text.splitlines()
    first = max(0, line - 3)
    return [
        (number, words, number == line)
        for number, words in enumerate(lines[first : line + 2], first + 1)
    ]
