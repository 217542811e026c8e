"""When an obligation falls due: the rule that a person writes, and the times when it is suspended."""

from __future__ import annotations

from accounts.models import User
from config.compat import check_constraint
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from registers.models import DayCount, Milestone, RollPolicy

from obligations.models.obligation import Obligation


class Basis(models.TextChoices):
    """What the due dates are counted from."""

    ONE_OFF = "one_off", "Once, on a date"
    FIXED = "fixed", "Repeatedly, by the calendar"
    AFTER_COMPLETION = "after_completion", "Again, a time after it was last done"
    EVENT = "event", "A time after (or before) an event"
    PHASE_START = "phase_start", "A time after its project phase starts"
    CONTINUOUS = "continuous", "All the time, assessed once a reporting period"
    AS_REQUIRED = "as_required", "As required, without a date"


class Unit(models.TextChoices):
    DAY = "day", "days"
    BUSINESS_DAY = "business_day", "business days"
    WEEK = "week", "weeks"
    MONTH = "month", "months"
    YEAR = "year", "years"


class LagBase(models.TextChoices):
    """The day from which the time to report is counted: they differ by one."""

    PERIOD_END = "period_end", "the last day of the period"
    ANNIVERSARY = "anniversary", "the day after the period"


class End(models.TextChoices):
    NEVER = "never", "Never"
    EXPIRY = "expiry", "When the mechanism expires"
    DATE = "date", "On a date"
    COUNT = "count", "After a number of times"


class RecurrenceRule(models.Model):
    """The rule of one obligation; `recurrence.Rule` is what computes with it.

    `fixed`: occurrence k falls on anchor + k x interval, never on the previous one + interval. With a lag it is instead
    the end of the k-th period (the first ends at the anchor) plus the lag.
    """

    obligation = models.OneToOneField(Obligation, on_delete=models.CASCADE, related_name="rule")
    basis = models.CharField(max_length=20, choices=Basis.choices)
    anchor_date = models.DateField("first date", null=True, blank=True)
    interval = models.PositiveSmallIntegerField("every", default=1, validators=[MinValueValidator(1)])
    unit = models.CharField(max_length=15, choices=Unit.choices, default=Unit.MONTH)
    eom = models.BooleanField("last day of the month", default=False)
    weekdays = models.CharField(max_length=20, blank=True, help_text="Such as MO,TH.")
    nth_weekday = models.SmallIntegerField(
        null=True, blank=True, help_text="Which of those weekdays in the month: 1 to 4, or -1 for the last."
    )
    months = models.CharField(max_length=40, blank=True, help_text="Only in these months, such as 3,6,9,12.")

    lag_value = models.SmallIntegerField("due", null=True, blank=True)
    lag_unit = models.CharField(max_length=15, choices=Unit.choices, blank=True)
    lag_base = models.CharField(max_length=15, choices=LagBase.choices, blank=True)
    lag_month = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Due on this month and day after the period, instead of a time after it."
    )
    lag_day = models.PositiveSmallIntegerField(null=True, blank=True)

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="rules")
    event = models.CharField(max_length=200, blank=True, help_text="Such as “a changed contact address”.")

    end = models.CharField("ends", max_length=10, choices=End.choices, default=End.EXPIRY)
    end_date = models.DateField(null=True, blank=True)
    end_count = models.PositiveIntegerField(null=True, blank=True)
    roll_policy = models.CharField(
        max_length=25, choices=RollPolicy.choices, blank=True, help_text="Or as its mechanism."
    )
    day_count = models.CharField(max_length=10, choices=DayCount.choices, blank=True, help_text="Or as its mechanism.")

    # A changed rule starts a new sequence behind the occurrences that stand, from the day on which it took effect.
    sequence_from = models.PositiveIntegerField(default=0, editable=False)
    effective_from = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            check_constraint(Q(interval__gte=1), name="rule_interval_positive"),
            check_constraint(~Q(end=End.DATE) | Q(end_date__isnull=False), name="rule_end_has_a_date"),
            check_constraint(~Q(end=End.COUNT) | Q(end_count__gte=1), name="rule_end_has_a_count"),
            check_constraint(
                ~Q(basis__in=[Basis.ONE_OFF, Basis.FIXED]) | Q(anchor_date__isnull=False), name="rule_has_an_anchor"
            ),
        ]

    def __str__(self) -> str:
        return self.get_basis_display()


class Suspension(models.Model):
    """A time in which the obligation asks for nothing; the sequence goes on afterwards as if it had not been."""

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="suspensions")
    starts_on = models.DateField()
    ends_on = models.DateField("resumes on", null=True, blank=True, help_text="The first day after it.")
    reason = models.TextField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            check_constraint(Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="suspension_ends_after_its_start")
        ]

    def __str__(self) -> str:
        return f"{self.obligation} suspended from {self.starts_on:%-d %B %Y}"
