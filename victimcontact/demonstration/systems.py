"""Other systems of the demonstration force. None has a token: an administrator makes it."""

from datetime import timedelta

from triage.api.models import ApiClient, Scope

SYSTEMS = {
    "Command and control": list(Scope),
    "Online reports": [Scope.REPORT, Scope.READ],
}


def build(force, *, at):
    """The systems that a force of this kind has."""
    for system, scopes in SYSTEMS.items():
        ApiClient.objects.create(
            force=force, system=system, scopes=scopes, expires_at=at + timedelta(days=365)
        )
