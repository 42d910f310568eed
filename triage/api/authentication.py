"""Who asks: the system whose token stands in the Authorization header, and nobody else.

No cookie is read and no session: nothing that a browser sends by itself opens this door, so there
is nothing to forge and no form token to ask for.
"""

from ipaddress import ip_address, ip_network

from django.utils.timezone import now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from triage.api import tokens
from victimcontact.lib.addresses import client_address

SCHEME = "Bearer"
LONGEST_TOKEN = 200


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``. ``request.user`` is then the ApiClient."""

    def authenticate(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        token = token.strip()
        if scheme.casefold() != SCHEME.casefold() or not token or len(token) > LONGEST_TOKEN:
            raise AuthenticationFailed("The Authorization header is like: Bearer vc_…")
        client = tokens.owner_of(token, at=now())
        # One answer for all of these: it tells a stranger nothing about which tokens exist.
        if client is None or not _may_come_from(client, client_address(request)):
            raise AuthenticationFailed(
                "This token does not open anything: it is unknown, has run out or was switched"
                " off, or it may not be used from this address."
            )
        return client, None

    def authenticate_header(self, request):
        return SCHEME


def _may_come_from(client, address):
    if not client.allowed_addresses:
        return True
    try:
        here = ip_address(address)
    except ValueError:
        return False
    return any(here in ip_network(one, strict=False) for one in client.allowed_addresses)


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description of the API names the token."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The token that an administrator made for this system.",
        }
