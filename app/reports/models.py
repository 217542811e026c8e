"""What the app stores: the reports to regulators. Figures and dashboards are computed whenever they are looked at."""

from reports.statutory.models import LineOverride, Narrative, StatutoryReport

__all__ = ["LineOverride", "Narrative", "StatutoryReport"]
