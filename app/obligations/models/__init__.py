"""The register: what has to be done, by whom, by when, and what was done."""

from obligations.models.evidence import Evidence
from obligations.models.imports import ColumnMapping, ImportBatch, ImportRow
from obligations.models.inspections import Answer, ChecklistItem, Inspection
from obligations.models.noncompliance import CorrectiveAction, NonCompliance
from obligations.models.obligation import VOCABULARIES, Obligation
from obligations.models.occurrences import DONE_STATES, OPEN_STATES, Comment, Extension, Occurrence
from obligations.models.rules import Basis, End, LagBase, RecurrenceRule, Suspension, Unit
from obligations.models.views import SavedView

__all__ = [
    "DONE_STATES",
    "OPEN_STATES",
    "VOCABULARIES",
    "Answer",
    "Basis",
    "ChecklistItem",
    "ColumnMapping",
    "Comment",
    "CorrectiveAction",
    "End",
    "Evidence",
    "Extension",
    "ImportBatch",
    "ImportRow",
    "Inspection",
    "LagBase",
    "NonCompliance",
    "Obligation",
    "Occurrence",
    "RecurrenceRule",
    "SavedView",
    "Suspension",
    "Unit",
]
