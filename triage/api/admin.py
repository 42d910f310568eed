"""Administration of other systems: who may ask, with which token, and who is told what."""

import secrets
from ipaddress import ip_network

from django import forms
from django.contrib import admin, messages
from django.template.response import TemplateResponse
from django.utils.timezone import now

from triage.api import delivering, outside, tokens
from triage.api.models import ApiClient, Event, Scope, WebhookDelivery, WebhookSubscription
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin
from victimcontact.audit import ledger


def _several(choices):
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple)


def _shown_once(request, site, *, name, what, secret, says):
    """A page that shows a secret this one time: it goes into no cookie and no session."""
    context = {
        **site.each_context(request),
        "title": f"{what} of {name}",
        "what": what,
        "secret": secret,
        "says": says,
    }
    return TemplateResponse(request, "admin/api/shown_once.html", context)


class ApiClientForm(forms.ModelForm):
    scopes = _several(Scope.choices)

    class Meta:
        model = ApiClient
        fields = [
            "force",
            "system",
            "scopes",
            "expires_at",
            "requests_a_minute",
            "allowed_addresses",
            "is_active",
        ]

    def clean_allowed_addresses(self):
        for one in self.cleaned_data["allowed_addresses"]:
            try:
                ip_network(one, strict=False)
            except ValueError:
                raise forms.ValidationError(
                    f"{one} is not an address or a network, like 192.0.2.7 or 192.0.2.0/24"
                ) from None
        return self.cleaned_data["allowed_addresses"]


@admin.register(ApiClient)
class ApiClientAdmin(HouseAdmin):
    form = ApiClientForm
    list_display = ["system", "force", "is_active", "token", "expires_at", "requests_a_minute"]
    list_select_related = ["force"]
    readonly_fields = ["token"]
    actions = ["new_token", "withdraw_tokens"]
    # A token is shown after each of these.
    asks_again, actions_ask_again = True, ("new_token",)
    ABOUT_IT = (
        "Give it to whoever runs the other system, by a way that nobody else reads. It is shown"
        " this once: nobody, not even an administrator, can read it again. If there was a token"
        " before, it works for one more hour."
    )

    def has_delete_permission(self, request, obj=None):
        return False  # what it sent is kept, and by whom: switch it off instead

    @admin.display(description="Token")
    def token(self, client):
        return f"…{client.token_ends_in}" if client.token_hash else "None"

    def response_add(self, request, obj, post_url_continue=None):
        return self._show_new_token(request, obj)

    @admin.action(description="Make a new token (the old one works for one more hour)")
    def new_token(self, request, queryset):
        if queryset.count() != 1:
            messages.error(request, "Choose one system.")
            return None
        return self._show_new_token(request, queryset.get())

    def _show_new_token(self, request, client):
        token = tokens.renew(client, by=request.user, at=now())
        return _shown_once(
            request,
            self.admin_site,
            name=client.system,
            what="Token",
            secret=token,
            says=self.ABOUT_IT,
        )

    @admin.action(description="Withdraw every token, at once")
    def withdraw_tokens(self, request, queryset):
        for client in queryset:
            tokens.withdraw(client, by=request.user, at=now())
            messages.success(request, f"No token of {client.system} opens anything any more.")


class WebhookSubscriptionForm(forms.ModelForm):
    events = _several(Event.choices)
    address = forms.URLField(max_length=300, assume_scheme="https")

    class Meta:
        model = WebhookSubscription
        fields = ["force", "name", "client", "address", "events", "is_active"]

    def clean_address(self):
        address = self.cleaned_data["address"]
        try:
            outside.check(address)
        except outside.NotAllowed as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return address

    def clean(self):
        cleaned = super().clean()
        client, force = cleaned.get("client"), cleaned.get("force")
        if client and force and client.force_id != force.pk:
            self.add_error("client", "This system belongs to another force")
        return cleaned


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(HouseAdmin):
    form = WebhookSubscriptionForm
    list_display = ["name", "force", "is_active", "failures", "rests_until"]
    list_select_related = ["force"]
    actions = ["new_secret", "send_again"]
    asks_again, actions_ask_again = True, ("new_secret",)
    ABOUT_IT = (
        "The other system needs it to see that news came from here. It is shown this once."
        " A secret before this one counts no more from now on."
    )

    def has_delete_permission(self, request, obj=None):
        return False  # what was told, and when, is kept

    def save_model(self, request, obj, form, change):
        if not change:
            obj.secret = secrets.token_urlsafe(32)
        super().save_model(request, obj, form, change)

    def response_add(self, request, obj, post_url_continue=None):
        return self._show(request, obj)

    @admin.action(description="Make a new secret, in place of the old one")
    def new_secret(self, request, queryset):
        if queryset.count() != 1:
            messages.error(request, "Choose one subscription.")
            return None
        subscription = queryset.get()
        subscription.secret = secrets.token_urlsafe(32)
        subscription.save(update_fields=["secret"])
        ledger.record("webhook.secret_made", by=request.user, about=subscription, at=now())
        return self._show(request, subscription)

    def _show(self, request, subscription):
        return _shown_once(
            request,
            self.admin_site,
            name=subscription.name,
            what="Secret",
            secret=subscription.secret,
            says=self.ABOUT_IT,
        )

    @admin.action(description="Send again what was given up")
    def send_again(self, request, queryset):
        for subscription in queryset:
            count = delivering.send_again(subscription, by=request.user, at=now())
            messages.success(request, f"{subscription.name}: {count} to be sent again.")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(KeptAdmin):
    list_display = ["event", "incident", "subscription", "status", "attempts", "last_result"]
    list_filter = ["status", "event"]
    list_select_related = ["incident", "subscription"]
    fields = [
        *("event", "incident", "subscription", "body", "status", "attempts", "last_result"),
        *("queued_at", "next_attempt_at", "settled_at"),
    ]
