"""Signing in."""

from django import forms
from django.contrib.auth import authenticate


class SignInForm(forms.Form):
    """User name and password; the error never says which of the two was wrong."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        error_messages={
            "required": "Enter your user name",
            "max_length": "Enter your user name, 150 characters or fewer",
        },
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        max_length=200,
        strip=False,
        error_messages={
            "required": "Enter your password",
            "max_length": "Enter your password, 200 characters or fewer",
        },
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def user(self, request):
        """The person these belong to, or None; call on a valid form."""
        return authenticate(
            request,
            username=self.cleaned_data["username"],
            password=self.cleaned_data["password"],
        )


class CodeForm(forms.Form):
    """Six digits of an authenticator, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=30,
        error_messages={
            "required": "Enter the code from your authenticator app",
            "max_length": "Enter the six digits that the app shows, or a recovery code",
        },
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )
