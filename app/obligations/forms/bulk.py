"""The forms that change obligations where they stand in the register: many at once, or one in its row."""

from __future__ import annotations

from typing import Any

from django import forms
from registers.models import Project
from registers.querysets import offered

from obligations.forms.obligation import ObligationForm
from obligations.models import VOCABULARIES
from obligations.states import Lifecycle, Risk

AS_IT_IS, NOTHING = "", "-"
WORDS = ("responsible_role", "aspect", "phase")


class BulkForm(forms.Form):
    """What to change in many obligations; what is left as it is stays as it is."""

    responsible_person = forms.ChoiceField(label="Responsible person", required=False)
    responsible_role = forms.ChoiceField(label="Responsibility", required=False)
    aspect = forms.ChoiceField(label="Environmental aspect", required=False)
    phase = forms.ChoiceField(label="Project phase", required=False)
    risk = forms.ChoiceField(
        label="Risk", required=False, choices=[(AS_IT_IS, "Leave as it is"), (NOTHING, "None"), *Risk.choices]
    )
    add_tag = forms.CharField(label="Add a tag", required=False, max_length=60)
    remove_tag = forms.CharField(label="Remove a tag", required=False, max_length=60)
    retire = forms.BooleanField(label="Retire them: they ask for nothing any more", required=False)
    reason = forms.CharField(
        label="Reason", required=False, max_length=500, help_text="Kept in the record; needed to retire."
    )

    def __init__(self, data: Any = None, *, project: Project, may_retire: bool) -> None:
        super().__init__(data, auto_id="bulk-%s")
        if not may_retire:
            del self.fields["retire"]
        self.rows: dict[str, dict[str, Any]] = {
            "responsible_person": {str(person.pk): person for person in project.people()}
        }
        for name in WORDS:
            words = offered(VOCABULARIES[name]._default_manager.filter(organisation=project.organisation_id))
            self.rows[name] = {str(word.pk): word for word in words}
        for name, rows in self.rows.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            nothing = "Nobody" if name == "responsible_person" else "None"
            choices = [(key, str(row)) for key, row in rows.items()]
            field.choices = [(AS_IT_IS, "Leave as it is"), (NOTHING, nothing), *choices]

    def clean_add_tag(self) -> str:
        return _one_tag(self.cleaned_data["add_tag"])

    def clean_remove_tag(self) -> str:
        return _one_tag(self.cleaned_data["remove_tag"])

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("retire") and not self.cleaned_data.get("reason"):
            self.add_error("reason", "Say why they are retired: the reason is kept in the record.")
        if not self.errors and not self.changes:
            raise forms.ValidationError("Choose what to change.")
        return self.cleaned_data

    @property
    def changes(self) -> dict[str, Any]:
        """The changes as `obligations_change` takes them."""
        values, found = self.cleaned_data, dict[str, Any]()
        for name, rows in self.rows.items():
            if values.get(name):
                found[name] = None if values[name] == NOTHING else rows[values[name]]
        if values.get("risk"):
            found["risk"] = "" if values["risk"] == NOTHING else values["risk"]
        found |= {name: values[name] for name in ("add_tag", "remove_tag") if values.get(name)}
        if values.get("retire"):
            found["lifecycle"] = Lifecycle.RETIRED
        return found


def _one_tag(text: str) -> str:
    if "," in text:
        raise forms.ValidationError("Give one tag, without a comma.")
    return text


class RowForm(ObligationForm):
    """What people mend in a list: who does it, and what it concerns."""

    class Meta(ObligationForm.Meta):
        fields = ("responsible_person", "responsible_role", "aspect", "phase", "risk", "tags")
