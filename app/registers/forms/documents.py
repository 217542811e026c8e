"""The form that takes a document."""

from __future__ import annotations

from accounts.models import Organisation, User
from django import forms
from django.core.exceptions import ValidationError
from files.models import StoredFile
from files.services import clean_name, store


class DocumentForm(forms.Form):
    """Takes one file."""

    document = forms.FileField(label="Document", help_text="As issued, preferably as a PDF.")

    def keep(self, organisation: Organisation, actor: User) -> tuple[StoredFile, str]:
        """Store the file; return it with the name that it was uploaded under.

        Raises:
            ValidationError: there is no file, or it is one that is not taken.
        """
        if not self.is_valid():
            raise ValidationError("Choose the document's file first.")
        upload = self.cleaned_data["document"]
        return store(organisation=organisation, upload=upload, actor=actor), clean_name(upload.name)
