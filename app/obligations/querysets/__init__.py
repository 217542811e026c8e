"""Which rows a person may see, and the questions a register answers."""

from obligations.querysets.obligations import ORDERS, ObligationQuerySet, Order
from obligations.querysets.occurrences import OccurrenceQuerySet

__all__ = ["ORDERS", "ObligationQuerySet", "OccurrenceQuerySet", "Order"]
