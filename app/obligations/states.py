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
    COMPLETED = "completed", "Completed"


class State(models.TextChoices):
    """Where an obligation stands on a day: computed from its status and due date, never stored."""

    OVERDUE = "overdue", "Overdue"
    DUE_SOON = "due_soon", "Due in 30 days"
    UPCOMING = "upcoming", "Upcoming"
    NO_DATE = "no_date", "No due date"
    COMPLETED = "completed", "Completed"
