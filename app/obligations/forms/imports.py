"""The forms of an import: which file, and which of its columns is which field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from registers.importing.columns import COLUMNS, RULE

from obligations.describing import label_of
from obligations.models import ImportBatch, RecurrenceRule

KEEP = ("", "Keep it as an extra field")


class UploadForm(forms.Form):
    """Takes the register's file."""

    upload = forms.FileField(
        label="Register",
        error_messages={"required": "Choose a file.", "empty": "The file is empty: export the register again."},
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["upload"].help_text = f"CSV or XLSX, up to {settings.MAX_UPLOAD_MB} MB. Nothing changes yet."


class MappingForm(forms.Form):
    """Says for each column of a file which field it is; their names can be anything, so the fields are numbered."""

    def __init__(self, data: QueryDict | None = None, *, batch: ImportBatch) -> None:
        super().__init__(data, auto_id="mapping-%s")
        self.names = batch.column_names
        for number, name in enumerate(self.names):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=name, choices=field_choices(), initial=batch.columns[name], required=False
            )

    @property
    def columns(self) -> dict[str, str]:
        """The field of each column, as chosen."""
        return {name: self.cleaned_data[f"column-{number}"] for number, name in enumerate(self.names)}


def field_choices() -> list[tuple[str, str]]:
    """Return the fields that a column can be, in words."""
    return [KEEP, *((column.field, field_label(column.field)) for column in COLUMNS)]


def field_label(field: str) -> str:
    """Return a field's name for people."""
    if field.startswith(RULE):
        label = RecurrenceRule._meta.get_field(field.removeprefix(RULE)).verbose_name  # type: ignore[union-attr]
        return f"Recurrence: {label}"
    return label_of(field)
