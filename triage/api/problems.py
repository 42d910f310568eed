"""What went wrong, as other systems read it: application/problem+json.

Source: RFC 9457. Each answer has ``status``, ``title`` and ``detail`` in plain words; where the
body is at fault, ``errors`` names each place by its path ("answers.victim_age"). No value that was
sent is repeated, and nothing is told of the cause of a fault of ours.
"""

import logging

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

log = logging.getLogger(__name__)

TITLES = {
    400: "The request cannot be read",
    401: "No valid token",
    403: "Not allowed",
    404: "Nothing there",
    405: "Not possible with this method",
    406: "Only JSON can be answered",
    409: "It conflicts with what is there",
    413: "Too large",
    415: "Only JSON can be read",
    422: "The key was used for something else",
    429: "Too many requests",
    500: "Our fault",
    503: "Not possible now",
}


class Conflict(exceptions.APIException):
    """409: what is asked does not fit what is there."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "What you ask does not fit what is there."


class TooLarge(exceptions.APIException):
    """413: more than a request may hold."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."


class KeyReused(exceptions.APIException):
    """422: the idempotency key belongs to another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = (
        "This Idempotency-Key was used with another body or address. Use a new key for each new"
        " thing, and the same key only to send the same thing again."
    )


class ProblemRenderer(JSONRenderer):
    """JSON under the name that says that it is a problem."""

    media_type = "application/problem+json"


def answer(error, context) -> Response:
    """The problem document for ``error``, raised in a view of the API."""
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is no such incident here, or not for this system.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        # Noted with its kind and place, and nothing of what was sent: see faults.py.
        got_request_exception.send(sender=None, request=context["request"]._request)
        error = exceptions.APIException(
            "Something went wrong on our side. Send the same request again, with the same"
            " Idempotency-Key: nothing is done twice."
        )
    set_rollback()
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None) is not None:
        headers["Retry-After"] = str(int(error.wait))
    return Response(document(error), status=error.status_code, headers=headers)


def document(error) -> dict:
    """``error`` (an APIException) as the members of a problem document."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(error.status_code, "The request was refused"),
        "status": error.status_code,
    }
    if isinstance(error, exceptions.ValidationError):
        found = list(_paths(error.detail))
        body["title"] = "Some of what was sent cannot be used"
        body["detail"] = " ".join(
            f"{path}: {detail}" if path else detail for path, detail in found[:10]
        )
        body["errors"] = [{"path": path, "detail": detail} for path, detail in found]
    else:
        body["detail"] = str(error.detail)
    return body


def _paths(detail, path=""):
    if isinstance(detail, dict):
        for name, inner in detail.items():
            if name == "non_field_errors":
                yield from _paths(inner, path)
            else:
                yield from _paths(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            if isinstance(inner, (dict, list)):
                yield from _paths(inner, f"{path}[{number}]")
            else:
                yield path, str(inner)
    else:
        yield path, str(detail)
