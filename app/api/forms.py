"""The form that makes a token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from django import forms
from django.http import QueryDict
from django.utils import timezone
from registers.forms.changing import day_input
from registers.models import Project

from api.tokens import LONGEST


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        label="Name",
        help_text="What will use it, such as Power BI.",
        error_messages={"required": "Say what will use it, so that you know later which one to revoke."},
    )
    project = forms.ModelChoiceField(
        Project.objects.none(), required=False, label="Project", empty_label="All that I see"
    )
    may_write = forms.BooleanField(
        required=False,
        label="It may change things",
        help_text="What you may change yourself, under your name. Without it, it only reads.",
    )
    expires_on = forms.DateField(
        label="Last day",
        widget=day_input(),
        help_text="Within a year from now.",
        error_messages={"required": "Choose the last day on which it opens anything."},
    )

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"expires_on": today + timedelta(days=90)})
        field = self.fields["project"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        field.queryset = Project.objects.visible_to(user)
        self.fields["expires_on"].widget.attrs |= {"min": str(today), "max": str(today + LONGEST - timedelta(days=1))}

    @property
    def values(self) -> dict[str, Any]:
        """What a token is made of: it opens to the end of its last day."""
        values = {**self.cleaned_data}
        end = timezone.make_aware(datetime.combine(values.pop("expires_on") + timedelta(days=1), datetime.min.time()))
        return {**values, "expires_at": end}
