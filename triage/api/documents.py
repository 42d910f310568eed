"""The API's description: OpenAPI for programs, and a page of our own for people."""

from dataclasses import dataclass

from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from rest_framework.response import Response

from triage.api.base import ApiView, HasScopes
from triage.api.models import Event
from victimcontact.accounts.permissions import is_verified


class _StaffOrSystem(HasScopes):
    """Anybody with a token, and staff with both factors: it is only read, and says nothing live."""

    def has_permission(self, request, view):
        return is_verified(view.visitor) or super().has_permission(request, view)


class Schema(ApiView):
    """The OpenAPI description."""

    schema = None
    scopes = None
    permission_classes = (_StaffOrSystem,)
    renderer_classes = (OpenApiJsonRenderer,)

    def dispatch(self, request, *args, **kwargs):
        self.visitor = request.user  # whom the house knows, before the token is looked at
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        return Response(description())


def description() -> dict:
    """The OpenAPI document as plain values."""
    return SchemaGenerator().get_schema(request=None, public=True)


@dataclass(frozen=True)
class Field:
    """One field of something sent or answered, by its path."""

    path: str
    kind: str
    needed: bool
    says: str


@dataclass(frozen=True)
class Operation:
    """One thing that another system can ask, as a person reads of it."""

    anchor: str
    method: str
    address: str
    summary: str
    says: str
    parameters: list[Field]
    sends: list[Field]
    answers: list[Field]
    answer_code: str
    problems: list[tuple[str, str]]


@require_GET
def guide(request):
    """What another system's people need to know, read off the same description."""
    document = description()
    context = {"operations": operations(document), "events": Event.choices}
    return TemplateResponse(request, "triage/api/guide.html", context)


def operations(document: dict) -> list[Operation]:
    """Every operation of an OpenAPI document: what is sent before what is read."""
    found = [
        _operation(document, address, method, one)
        for address, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    return sorted(found, key=lambda one: ("incidents" not in one.address, one.method != "POST"))


def _operation(document, address, method, one):
    answers, problems = [], []
    code = ""
    for status, answer in one["responses"].items():
        if int(status) < 300:
            code = status
            content = answer["content"]["application/json"]["schema"]
            answers = list(_fields(document, content))
        else:
            problems.append((status, answer["description"]))
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        anchor=one["operationId"],
        method=method.upper(),
        address=address,
        summary=one["summary"],
        says=one.get("description", ""),
        parameters=[
            Field(
                each["name"],
                f"{each['in']}, {_kind(document, each['schema'])}",
                each.get("required", False),
                each.get("description", ""),
            )
            for each in one.get("parameters", [])
        ],
        sends=list(_fields(document, body.get("schema", {}))),
        answers=answers,
        answer_code=code,
        problems=problems,
    )


def _fields(document, schema, path=""):
    schema = _resolved(document, schema)
    for name, one in schema.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        inner = _resolved(document, one)
        says = one.get("description") or inner.get("description", "")
        listed = " ".join(line for line in says.splitlines() if not line.startswith("* `"))
        yield Field(where, _kind(document, one), name in schema.get("required", ()), listed.strip())
        if inner.get("properties"):
            yield from _fields(document, inner, where)
        elif inner.get("type") == "array":
            yield from _fields(document, inner["items"], f"{where}[]")


def _resolved(document, schema):
    for _ in range(5):
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif len(schema.get("allOf", ())) == 1:
            schema = {**schema["allOf"][0], **{k: v for k, v in schema.items() if k != "allOf"}}
        elif "oneOf" in schema:
            named = [one for one in schema["oneOf"] if not _is_null(document, one)]
            schema = named[0]
        else:
            break
    return schema


def _is_null(document, schema):
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return name in ("NullEnum", "BlankEnum")


def _kind(document, schema):
    schema = _resolved(document, schema)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value not in (None, ""))
    kind = schema.get("type", "object")
    if kind == "array":
        return f"list of {_kind(document, schema['items'])}"
    longest = schema.get("maxLength")
    kinds = {"date-time": "date and time", "uuid": "UUID", "date": "date"}
    name = {"boolean": "true or false", "integer": "whole number"}.get(kind, kind)
    name = kinds.get(schema.get("format"), name).replace("string", "text")
    return f"{name}, up to {longest:,} characters" if longest else name
