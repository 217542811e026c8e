import django.db.models.deletion
from config.compat import check_constraint
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registers", "0004_invitations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("obligations", "0009_columns_in_their_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatutoryReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("layout_key", models.CharField(max_length=40, verbose_name="kind of report")),
                ("period_start", models.DateField(verbose_name="first day of the period")),
                ("period_end", models.DateField(verbose_name="last day of the period")),
                ("revision", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("finalised", "Finalised"),
                            ("signed", "Signed"),
                            ("superseded", "Superseded"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("prepared_at", models.DateTimeField(auto_now_add=True)),
                ("snapshot", models.TextField(blank=True, help_text="All that it says, as canonical JSON.")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the snapshot")),
                ("finalised_at", models.DateTimeField(blank=True, null=True)),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("signed_name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("signed_position", models.CharField(blank=True, max_length=200, verbose_name="position")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_for", models.TextField(blank=True, verbose_name="reason")),
                (
                    "asked_at",
                    models.DateTimeField(blank=True, help_text="Since when its documents wait to be made.", null=True),
                ),
                ("problem", models.TextField(blank=True, help_text="Why its documents could not be made.")),
                (
                    "authors",
                    models.ManyToManyField(
                        help_text="Everybody who wrote or judged something in it; none of them signs it.",
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "finalised_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mechanism",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statutory_reports",
                        to="registers.mechanism",
                    ),
                ),
                (
                    "prepared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="statutory_reports",
                        to="registers.project",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-period_end", "mechanism", "layout_key", "-revision"],
            },
        ),
        migrations.CreateModel(
            name="Narrative",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=40)),
                ("text", models.TextField(blank=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField(auto_now=True)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="narratives",
                        to="reports.statutoryreport",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LineOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("finding", models.CharField(max_length=30, verbose_name="status")),
                ("reason", models.TextField()),
                ("judged_at", models.DateTimeField(auto_now=True)),
                (
                    "judged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="obligations.obligation"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="overrides",
                        to="reports.statutoryreport",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="statutoryreport",
            constraint=models.UniqueConstraint(
                fields=("mechanism", "layout_key", "period_start", "period_end", "revision"),
                name="report_revision_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="statutoryreport",
            constraint=check_constraint(
                models.Q(("period_end__gte", models.F("period_start"))), name="report_period_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="statutoryreport",
            constraint=check_constraint(
                models.Q(
                    models.Q(("finalised_at", None), ("snapshot", ""), ("state", "draft")),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True),
                        models.Q(("snapshot", ""), _negated=True),
                        models.Q(("sha256", ""), _negated=True),
                        ("finalised_at__isnull", False),
                        ("finalised_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="finalised_report_is_frozen",
            ),
        ),
        migrations.AddConstraint(
            model_name="statutoryreport",
            constraint=check_constraint(
                models.Q(
                    ("signed_by", None),
                    models.Q(
                        models.Q(("signed_by", models.F("prepared_by")), _negated=True),
                        models.Q(("signed_by", models.F("finalised_by")), _negated=True),
                        ("finalised_at__isnull", False),
                        ("signed_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="report_signed_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="statutoryreport",
            constraint=check_constraint(
                models.Q(models.Q(("state", "signed"), _negated=True), ("signed_by__isnull", False), _connector="OR"),
                name="signed_report_has_a_signature",
            ),
        ),
        migrations.AddConstraint(
            model_name="statutoryreport",
            constraint=check_constraint(
                models.Q(
                    models.Q(("state", "withdrawn"), _negated=True),
                    models.Q(("withdrawn_at__isnull", False), models.Q(("withdrawn_for", ""), _negated=True)),
                    _connector="OR",
                ),
                name="withdrawn_report_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="narrative",
            constraint=models.UniqueConstraint(fields=("report", "key"), name="narrative_once_in_its_report"),
        ),
        migrations.AddConstraint(
            model_name="lineoverride",
            constraint=models.UniqueConstraint(fields=("report", "obligation"), name="one_override_a_line"),
        ),
        migrations.AddConstraint(
            model_name="lineoverride",
            constraint=check_constraint(models.Q(("reason", ""), _negated=True), name="override_has_a_reason"),
        ),
    ]
