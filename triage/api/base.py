"""What every address of the API keeps to: token, allowance, size, problems, and the ledger."""

from django.utils.timezone import now
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from triage.api import allowance
from triage.api.authentication import TokenAuthentication
from triage.api.models import ApiClient
from triage.api.problems import ProblemRenderer, TooLarge
from victimcontact.audit import ledger

LARGEST_BODY = 512 * 1024  # 20,000 characters, were each written as \\u escapes, take 240 kB


class HasScopes(BasePermission):
    """The client holds one of the scopes that the view asks for this method; the default is no."""

    def has_permission(self, request, view):
        if not isinstance(request.user, ApiClient):
            return False
        method = "GET" if request.method == "HEAD" else request.method
        if view.scopes is None or method == "OPTIONS" or not hasattr(view, method.lower()):
            return True  # what no view does is refused as that: 405
        wanted = view.scopes.get(method, ())
        if set(wanted) & set(request.user.scopes):
            return True
        raise exceptions.PermissionDenied(
            f"This token lacks the scope {' or '.join(wanted)}: ask the force's administrator."
        )


class SoundJSONParser(JSONParser):
    """JSON in UTF-8, not deeper than anybody writes by hand."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("The body is nested too deeply.") from None
        except exceptions.ParseError:
            # The parser's own words quote what was sent.
            raise exceptions.ParseError("The body is not JSON in UTF-8.") from None


class ApiView(APIView):
    """A view for other systems. ``scopes`` is {method: scopes of which one is needed}.

    ``scopes`` of None asks for a token alone.

    Every call of a known client stands in the ledger: which address, which method, what came of
    it; never what was sent or answered.
    """

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScopes,)
    parser_classes = (SoundJSONParser,)
    renderer_classes = (JSONRenderer,)
    scopes = {}
    about = None  # the incident that was asked about, once it is found
    count = None  # how many rows a list gave

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if (request.headers.get("Content-Length") or "0").isdecimal():
            size = int(request.headers.get("Content-Length") or 0)
            if size > LARGEST_BODY:
                raise TooLarge(f"The body may have {LARGEST_BODY:,} bytes at most.")

    def perform_authentication(self, request):
        # Before permissions: a system that asks for what it may not is counted, too.
        super().perform_authentication(request)
        if isinstance(request.user, ApiClient):
            wait = allowance.take(request.user)
            if wait is not None:
                raise exceptions.Throttled(
                    wait, f"This system may send {request.user.requests_a_minute} a minute."
                )

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code >= 400:
            response.accepted_renderer = ProblemRenderer()
            response.accepted_media_type = ProblemRenderer.media_type
        self._note(request, response.status_code)
        return response

    def _note(self, request, status):
        client = getattr(request, "_user", None)
        if not isinstance(client, ApiClient):
            return
        if status == 429 and not allowance.is_first_refusal(client):
            return
        match = request.resolver_match
        # About the system, not the incident: one that asks each minute would fill its timeline.
        more = {} if self.about is None else {"incident": str(self.about.pk)}
        if self.count is not None:
            more["count"] = self.count
        ledger.record(
            "api.called",
            by=client,
            about=client,
            at=now(),
            method=request.method,
            address=match.view_name if match else "",
            status=status,
            **more,
        )
