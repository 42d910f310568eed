"""The provider's stand-in, as the tests of what is sent know it."""

from tests.messaging.conftest import twilio

__all__ = ["twilio"]
