"""The words for how often, how far and how late."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

DUE_SOON = timedelta(days=30)


class Frequency(models.TextChoices):
    """How often something recurs, in the words of the registers that people bring."""

    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"
    FORTNIGHTLY = "fortnightly", "Fortnightly"
    MONTHLY = "monthly", "Monthly"
    QUARTERLY = "quarterly", "Quarterly"
    SIX_MONTHLY = "six_monthly", "Six-monthly"
    ANNUALLY = "annually", "Annually"
    BIENNIAL = "biennial", "Every two years"
    AS_REQUIRED = "as_required", "As required"
    MOBILISATION = "mobilisation", "On mobilisation"
    DECOMMISSIONING = "decommissioning", "On decommissioning"
    EXTREME_WEATHER = "extreme_weather", "On extreme weather"
    INCIDENT = "incident", "On an incident"


class Status(models.TextChoices):
    NOT_STARTED = "not_started", "Not started"
    IN_PROGRESS = "in_progress", "In progress"
    SUBMITTED = "submitted", "Submitted for review"
    COMPLETED = "completed", "Completed"


class State(models.TextChoices):
    """Where an obligation stands on a day: computed from its status and due date, never stored."""

    OVERDUE = "overdue", "Overdue"
    DUE_SOON = "due_soon", "Due in 30 days"
    UPCOMING = "upcoming", "Upcoming"
    IN_REVIEW = "in_review", "In review"
    NO_DATE = "no_date", "No due date"
    COMPLETED = "completed", "Completed"


class Lifecycle(models.TextChoices):
    """Whether the obligation asks for anything now. That it is complete, its status says."""

    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    RETIRED = "retired", "Retired"


class Risk(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class Compliance(models.TextChoices):
    """How well an obligation is met, the worst first: what is made up of several is as its worst part."""

    NON_COMPLIANT = "non_compliant", "Non-compliant"
    POTENTIALLY_NON_COMPLIANT = "potentially_non_compliant", "Potentially non-compliant"
    IN_PROCESS = "in_process", "In process"
    COMPLIANT = "compliant", "Compliant"
    NOT_REQUIRED = "not_required", "Not required at this stage"


class OccurrenceState(models.TextChoices):
    """How far one occurrence is. That it is overdue is computed from its due date, never stored."""

    SCHEDULED = "scheduled", "Scheduled"
    OPEN = "open", "Open"
    IN_PROGRESS = "in_progress", "In progress"
    SUBMITTED = "submitted", "Submitted for review"
    CLOSED = "closed", "Closed"
    CANCELLED = "cancelled", "Cancelled"


class Result(models.TextChoices):
    """The finding with which an occurrence is closed."""

    COMPLIANT = "compliant", "Compliant"
    NON_COMPLIANT = "non_compliant", "Non-compliant"
    POTENTIALLY_NON_COMPLIANT = "potentially_non_compliant", "Potentially non-compliant"
    NOT_TRIGGERED = "not_triggered", "Not triggered"
