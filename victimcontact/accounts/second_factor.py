"""By which second factor the person of a page signed in."""

from django_otp.middleware import OTPMiddleware

from victimcontact.accounts.models import RecoveryCode, TOTPDevice
from victimcontact.lib.prepared import Prepared


class DeviceMiddleware(OTPMiddleware):
    """django-otp's, which finds the second factor of each page by a query that is kept."""

    def _device_from_persistent_id(self, persistent_id):
        label, _, number = self._normalize_persistent_id(persistent_id).rpartition("/")
        read = _DEVICES.get(label)
        if read is None or not number.isdecimal():
            return None
        return next(iter(read(device=int(number))), None)


def _device_of(model):
    return Prepared(lambda device: model.objects.filter(pk=device).order_by())


_DEVICES = {model.model_label(): _device_of(model) for model in (TOTPDevice, RecoveryCode)}
