"""The staff door: password, then a second factor; and where each role begins."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as second_factor_login

from victimcontact.accounts import devices, fresh, sessions, throttle
from victimcontact.accounts.forms import CodeForm, SignInForm
from victimcontact.accounts.middleware import open_to_all
from victimcontact.accounts.models import User
from victimcontact.accounts.permissions import can, is_verified
from victimcontact.accounts.roles import Role
from victimcontact.audit import ledger
from victimcontact.lib.addresses import client_address

BACKEND = "django.contrib.auth.backends.ModelBackend"
WRONG = "The user name or password is not right, or there were too many tries. Wait a minute"
# Where a role begins, the first that fits.
HOMES = [
    ("incident.create", "triage:queue"),
    ("diary.view", "appointments:my_day"),
    ("case.view", "portal:cases"),
    ("incident.view", "triage:queue"),
    ("admin.use", "admin:index"),
]


@open_to_all
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request):
    """First factor. Roles for one click stand below the form where everybody is invented."""
    form = SignInForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        names = _names(request, form.cleaned_data["username"])
        # A try that came too soon is not judged, and does not make the wait longer.
        may_try = throttle.may_try(*names)
        user = form.user(request) if may_try else None
        if user is not None:
            throttle.succeeded(names[0])
            login(request, user, backend=BACKEND)
            return _redirect(request, "accounts:sign_in_code")
        if may_try:
            throttle.failed(*names)
        ledger.record("staff.sign_in_refused", at=now())
        form.add_error(None, WRONG)
    context = {
        "form": form,
        "next": _next(request),
        "roles": _demonstration_roles(),
        "over": request.session.get(sessions.OVER, ""),
        "idle_minutes": settings.STAFF_IDLE_MINUTES,
        "shift_hours": settings.STAFF_SHIFT_HOURS,
    }
    return TemplateResponse(request, "accounts/sign_in.html", context)


@open_to_all
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def sign_in_code(request):
    """Second factor: a code, or setting up an authenticator the first time."""
    if not request.user.is_authenticated:
        return _redirect(request, "accounts:sign_in")
    if is_verified(request.user):
        return redirect("accounts:home")
    user = request.user
    is_new = not devices.confirmed(user)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        names = _names(request, f"code of {user.pk}")
        code = form.cleaned_data["code"]
        may_try, found = throttle.may_try(*names), None
        if may_try:
            found = devices.confirm(user, code) if is_new else devices.check(user, code)
        if found:
            throttle.succeeded(names[0])
            device, codes = found if is_new else (found, None)
            _let_in(request, device)
            if codes:
                return TemplateResponse(request, "accounts/recovery_codes.html", {"codes": codes})
            return redirect(_next(request) or "accounts:home")
        if may_try:
            throttle.failed(*names)
        ledger.record("staff.code_refused", by=user, at=now())
        form.add_error("code", fresh.WRONG)
    context = {"form": form, "next": _next(request), "is_new": is_new}
    if is_new:
        device = devices.enrolling(user)
        context |= {"qr_code": devices.qr_code(device), "secret": devices.secret(device)}
    return TemplateResponse(request, "accounts/sign_in_code.html", context)


@open_to_all
@require_POST
def sign_out(request):
    """End the session, and every other of the same person: one machine may be out of their sight.

    Somebody invented is many people at once, each trying the demonstration.
    """
    if request.user.is_authenticated:
        if not (settings.DEMONSTRATION and request.user.is_demonstration):
            request.user.end_sessions()
        ledger.record("staff.signed_out", by=request.user, at=now())
    logout(request)
    return redirect("accounts:sign_in")


@open_to_all
@require_POST
def demo_sign_in(request, role):
    """One click as somebody invented. Answers only where DEMONSTRATION is on."""
    if not settings.DEMONSTRATION or role not in Role:
        raise Http404
    user = (
        User.objects.filter(is_demonstration=True, is_active=True, roles__contains=[role])
        .order_by("date_joined", "pk")
        .first()
    )
    if user is None:
        raise Http404
    login(request, user, backend=BACKEND)
    _let_in(request, devices.of_demonstration(user))
    return redirect(_next(request) or "accounts:home")


@require_http_methods(["GET", "POST"])
def prove(request):
    """Ask for the second factor again, then go on to the page that wanted it."""
    address = _next(request)
    if question := fresh.ask(request, address=address):
        return question
    return redirect(address or "accounts:home")


@require_http_methods(["GET"])
def home(request):
    """Send each person to where their role begins."""
    for permission, address in HOMES:
        if can(request.user, permission):
            return redirect(address)
    return TemplateResponse(request, "accounts/no_role.html")


def _let_in(request, device):
    second_factor_login(request, device)
    sessions.begin(request.session)
    request.session.cycle_key()
    ledger.record("staff.signed_in", by=request.user, at=now())


def _names(request, account):
    return (f"account:{account}", f"address:{client_address(request)}")


def _next(request):
    address = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if safe and address.startswith("/") else ""


def _redirect(request, name):
    address = _next(request)
    query = {"next": address} if address else None
    return redirect(reverse(name, query=query))


def _demonstration_roles():
    if not settings.DEMONSTRATION:
        return []
    held = {
        role
        for roles in User.objects.filter(is_demonstration=True).values_list("roles", flat=True)
        for role in roles
    }
    return [role for role in Role if role in held]
