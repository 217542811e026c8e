"""The form of a controlled document."""

from __future__ import annotations

from registers.forms.changing import ChangeForm, day_input
from registers.models import Procedure
from registers.services.procedures import FIELDS


class ProcedureForm(ChangeForm):
    class Meta:
        model = Procedure
        fields = FIELDS
        labels = {"name": "Title"}
        widgets = {"effective": day_input(), "review_on": day_input()}
        help_texts = {
            "reference": "Such as WRL-ENV-PR-012.",
            "version": "As printed on it, such as Rev 3.",
            "owner": "Who keeps it up to date, by position.",
        }
