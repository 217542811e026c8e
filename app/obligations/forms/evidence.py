"""The forms that add evidence, date it anew, and remove it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from files.forms import FilesField

from obligations.models import Evidence

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Evidence]
else:
    ModelForm = forms.ModelForm


class EvidenceForm(forms.Form):
    """Takes files, the day that they speak of, and what they are.

    Args:
        data: what was sent, or None for an empty form.
        files: the files that were sent.
        today: the project's day, which is the effective date unless another one is given.
        identity: what sets this form apart from others of the page.
    """

    uploads = FilesField(label="Files", error_messages={"required": "Choose at least one file."})
    effective_on = forms.DateField(
        label="Effective date",
        help_text="The day that they speak of: of the sample, the visit or the letter.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": "Enter the day that the files speak of."},
    )
    description = forms.CharField(
        label="Description", required=False, max_length=255, help_text="What they show, in a few words."
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, Any] | None = None,
        *,
        today: date,
        identity: str = "evidence",
    ) -> None:
        super().__init__(data, files, initial={"effective_on": today}, auto_id=f"{identity}_%s")
        self.fields["uploads"].help_text = (
            f"Up to {settings.DATA_UPLOAD_MAX_NUMBER_FILES} at a time, and {settings.MAX_UPLOAD_MB} MB together. "
            "Documents, images, text, emails, maps or zip archives."
        )
        self.fields["effective_on"].widget.attrs["max"] = today.isoformat()


class EvidenceDateForm(ModelForm):
    """Corrects the day that a file speaks of, and what it is said to be."""

    reason = forms.CharField(label="Reason", max_length=255, help_text="Why it was not right before.")

    class Meta:
        model = Evidence
        fields = ("effective_on", "description")
        widgets = {"effective_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}


class RemovalForm(forms.Form):
    """Asks why a file is removed."""

    reason = forms.CharField(
        label="Reason",
        max_length=255,
        help_text="Kept for good in the record, with the name of the file and yours.",
        error_messages={"required": "Say why it is removed."},
    )
