"""What people choose to be told, and the calendar that they ask for."""

from __future__ import annotations

from accounts.models import User
from django import forms
from django.http import QueryDict
from registers.models import Project

from notifications.ladder import BEFORE
from notifications.models import Choices, Kind

MEANS = {
    Kind.DUE: "before the day and on it",
    Kind.OVERDUE: "after 1, 7 and 14 days, then every 30",
    Kind.ESCALATION: "for approvers and managers after 7 days, for administrators after 14",
    Kind.REGULATOR: "never off for who has to tell the regulator",
    Kind.DIGEST: "what is late, what comes, what waits for you",
}


class ChoicesForm(forms.Form):
    """Chooses kinds of mail, days before, and single mails or the week's."""

    wanted = forms.MultipleChoiceField(label="Mails", required=False, widget=forms.CheckboxSelectMultiple)
    before = forms.TypedMultipleChoiceField(
        label="Days before",
        required=False,
        coerce=int,
        choices=[(days, f"{days} day{'' if days == 1 else 's'}") for days in BEFORE],
        widget=forms.CheckboxSelectMultiple,
    )
    digest_only = forms.BooleanField(
        label="One mail a week instead of single ones",
        required=False,
        help_text="Clocks of regulators that are on you to answer still come at once.",
    )

    def __init__(self, data: QueryDict | None, *, choices: Choices) -> None:
        wanted = [kind for kind in Kind.values if kind not in choices.off]
        initial = {"wanted": wanted, "before": choices.before, "digest_only": choices.digest_only}
        super().__init__(data, initial=initial)
        kinds = self.fields["wanted"]
        assert isinstance(kinds, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        kinds.choices = [(kind.value, f"{kind.label}: {MEANS[kind]}" if kind in MEANS else kind.label) for kind in Kind]


class ProjectField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none at run time
    """Offers projects as calendars."""

    def label_from_instance(self, obj: object) -> str:
        return f"All of {obj}"


class FeedForm(forms.Form):
    """Asks for a calendar's name and what it shows."""

    name = forms.CharField(
        label="Where you will use it",
        max_length=60,
        help_text="Such as Phone or Outlook, so that you know which one to revoke.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    project = ProjectField(
        Project.objects.none(), label="What it shows", required=False, empty_label="What concerns you, in all projects"
    )

    def __init__(self, data: QueryDict | None, *, user: User) -> None:
        super().__init__(data)
        projects = self.fields["project"]
        assert isinstance(projects, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        projects.queryset = Project.objects.visible_to(user)
