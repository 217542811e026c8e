"""The forms of asking somebody in, and of taking the place."""

from __future__ import annotations

from accounts.models import Membership
from accounts.roles import Role
from django import forms
from django.http import QueryDict

from registers.forms.changing import day_input
from registers.models import ProjectMembership

LAST_DAY = "For who stays for a time only, such as an external auditor."


class InvitationForm(forms.Form):
    """Asks for an address, a role and where it holds."""

    email = forms.EmailField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label="Role")
    everywhere = forms.BooleanField(label="In the whole organisation, not in this project only", required=False)
    expires_on = forms.DateField(label="Last day", required=False, widget=day_input(), help_text=LAST_DAY)

    def __init__(self, data: QueryDict | None, *, roles: list[Role], everywhere: bool) -> None:
        super().__init__(data)
        choice = self.fields["role"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - for the type checker
        choice.choices = [("", "Choose a role"), *((role.value, role.label) for role in roles)]
        if not everywhere:
            del self.fields["everywhere"]


class MemberForm(forms.Form):
    """Changes a member's role and its last day."""

    role = forms.ChoiceField(label="Role")
    expires_on = forms.DateField(label="Last day", required=False, widget=day_input(), help_text=LAST_DAY)

    def __init__(self, data: QueryDict | None, *, member: Membership | ProjectMembership, roles: list[Role]) -> None:
        super().__init__(data, initial={"role": member.role, "expires_on": member.expires_on})
        choice = self.fields["role"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - for the type checker
        choice.choices = [(role.value, role.label) for role in roles]


class OrganisationForm(forms.Form):
    """What holds in the whole organisation."""

    four_eyes = forms.BooleanField(
        label="Two people sign: who submits an occurrence for review does not close it",
        required=False,
        help_text="Everything is then submitted before it is closed. What is closed already stays so.",
    )


class JoinForm(forms.Form):
    """Makes an account for who was asked in."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label="Password",
        help_text="At least twelve characters. A sentence is easier to remember than a puzzle.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
