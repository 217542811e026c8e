"""Which rows a person may see, and the questions a register answers."""

from obligations.querysets.evidence import EvidenceQuerySet
from obligations.querysets.inspections import InspectionQuerySet
from obligations.querysets.noncompliance import CorrectiveActionQuerySet, NonComplianceQuerySet
from obligations.querysets.obligations import DUE_OR_LAST, IS_DONE, ORDERS, ObligationQuerySet, Order, count_each
from obligations.querysets.occurrences import OccurrenceQuerySet

__all__ = [
    "DUE_OR_LAST",
    "IS_DONE",
    "ORDERS",
    "CorrectiveActionQuerySet",
    "EvidenceQuerySet",
    "InspectionQuerySet",
    "NonComplianceQuerySet",
    "ObligationQuerySet",
    "OccurrenceQuerySet",
    "Order",
    "count_each",
]
