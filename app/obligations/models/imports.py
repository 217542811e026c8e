"""Files brought into a register: what each row would do, did, and how to undo it."""

from __future__ import annotations

from accounts.models import Organisation, User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from files.models import StoredFile
from registers.models import Project

from obligations.models.obligation import Obligation


class ColumnMapping(models.Model):
    """Which column means which field in files with that header, as an organisation decided it once."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    header = models.CharField(max_length=64, help_text="SHA-256 of the header's names.")
    columns = models.JSONField(default=dict, help_text="Column: field, or empty to keep it as an extra field.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "header"], name="one_mapping_a_header")]

    def __str__(self) -> str:
        return f"{len(self.columns)} columns of {self.organisation}"


class ImportBatch(models.Model):
    """One file on its way into a register. Until it is accepted it has changed nothing."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        ACCEPTING = "accepting", "Being accepted"
        ACCEPTED = "accepted", "Accepted"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"
        DISCARDED = "discarded", "Discarded"
        FAILED = "failed", "Failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=255)
    sheet = models.CharField(max_length=100, blank=True)
    sheets = models.JSONField(default=list, help_text="The workbook's visible sheets.")
    header = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the header's names.")
    column_names = models.JSONField(default=list, help_text="In the file's order, which the keys of JSON do not keep.")
    columns = models.JSONField(default=dict, help_text="Column: field, or empty to keep it as an extra field.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    counts = models.JSONField(default=dict, help_text="Result: number of rows.")
    progress = models.PositiveIntegerField(default=0, help_text="Rows read so far.")
    problem = models.TextField(blank=True)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("import_detail", args=[self.project.code, self.pk])


class ImportRow(models.Model):
    """One row of a file: what was found in it, and what it changed."""

    # The constraint below has its index.
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, db_index=False, related_name="rows")
    line = models.PositiveIntegerField()
    number = models.CharField(max_length=255, blank=True)
    result = models.CharField(max_length=10)
    findings = models.JSONField(default=list)
    changes = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="Field: [before, after].")
    applied = models.BooleanField(default=False, help_text="What it changes is in the register now.")
    obligation = models.ForeignKey(
        Obligation, on_delete=models.SET_NULL, null=True, blank=True, related_name="import_rows"
    )
    version = models.PositiveIntegerField(
        null=True, help_text="Of the obligation as checked, or after it; another one means touched."
    )

    class Meta:
        ordering = ["batch", "line"]
        constraints = [models.UniqueConstraint(fields=["batch", "line"], name="one_row_a_line")]

    def __str__(self) -> str:
        return f"line {self.line}"
