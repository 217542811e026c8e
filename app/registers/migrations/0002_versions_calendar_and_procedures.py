import django.core.validators
import django.db.models.deletion
from config.compat import check_constraint
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("files", "0001_initial"),
        ("registers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Holiday",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="date")),
                ("name", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["on"],
            },
        ),
        migrations.CreateModel(
            name="MechanismVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "label",
                    models.CharField(blank=True, help_text="Such as “Rev 2” or “Amended 3 May 2026”.", max_length=100),
                ),
                ("effective_on", models.DateField()),
                ("summary", models.TextField(blank=True, verbose_name="what changed")),
                ("document_name", models.CharField(blank=True, max_length=255)),
                ("published_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["mechanism", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Milestone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("planned_on", models.DateField(blank=True, null=True)),
                ("occurred_on", models.DateField(blank=True, null=True)),
                ("note", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["planned_on", "name"],
            },
        ),
        migrations.CreateModel(
            name="ProjectPhase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("ends_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "ordering": ["starts_on", "pk"],
            },
        ),
        migrations.AlterModelOptions(
            name="condition",
            options={"ordering": ["mechanism", "sort_key", "pk"]},
        ),
        migrations.RemoveConstraint(
            model_name="condition",
            name="condition_number_unique",
        ),
        migrations.AddField(
            model_name="condition",
            name="ended_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="condition",
            name="is_objective",
            field=models.BooleanField(default=False, verbose_name="objective, not a duty"),
        ),
        migrations.AddField(
            model_name="condition",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="registers.condition",
            ),
        ),
        migrations.AddField(
            model_name="condition",
            name="supersedes",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="superseded_by",
                to="registers.condition",
            ),
        ),
        migrations.AddField(
            model_name="mechanism",
            name="day_count",
            field=models.CharField(
                choices=[
                    ("exclusive", "The day of the event does not count"),
                    ("inclusive", "The day of the event is day 1"),
                ],
                default="exclusive",
                max_length=10,
                verbose_name="counting of days",
            ),
        ),
        migrations.AddField(
            model_name="mechanism",
            name="lapses",
            field=models.DateField(blank=True, help_text="The day it ends unless it was acted upon.", null=True),
        ),
        migrations.AddField(
            model_name="mechanism",
            name="period_day",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(31)],
                verbose_name="first day of the reporting period",
            ),
        ),
        migrations.AddField(
            model_name="mechanism",
            name="period_month",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)],
                verbose_name="first month of the reporting period",
            ),
        ),
        migrations.AddField(
            model_name="mechanism",
            name="roll_policy",
            field=models.CharField(
                choices=[
                    ("none", "It stays"),
                    ("next_business_day", "The next business day"),
                    ("previous_business_day", "The business day before"),
                ],
                default="none",
                max_length=25,
                verbose_name="when a due date is no business day",
            ),
        ),
        migrations.AddField(
            model_name="procedure",
            name="document",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="files.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="procedure",
            name="document_name",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="procedure",
            name="effective",
            field=models.DateField(blank=True, null=True, verbose_name="effective from"),
        ),
        migrations.AddField(
            model_name="procedure",
            name="owner",
            field=models.CharField(blank=True, max_length=120, verbose_name="document owner"),
        ),
        migrations.AddField(
            model_name="procedure",
            name="review_on",
            field=models.DateField(blank=True, null=True, verbose_name="next review"),
        ),
        migrations.AddField(
            model_name="procedure",
            name="status",
            field=models.CharField(
                choices=[("draft", "Draft"), ("review", "In review"), ("active", "Active"), ("obsolete", "Obsolete")],
                default="active",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="procedure",
            name="summary",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="procedure",
            name="version",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name="procedure",
            name="reference",
            field=models.CharField(blank=True, max_length=100, verbose_name="document number"),
        ),
        migrations.AddField(
            model_name="projectphase",
            name="phase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registers.phase"
            ),
        ),
        migrations.AddField(
            model_name="projectphase",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="phases", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="milestone",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="milestones", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="mechanismversion",
            name="document",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="files.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="mechanismversion",
            name="mechanism",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="registers.mechanism"
            ),
        ),
        migrations.AddField(
            model_name="mechanismversion",
            name="published_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="holiday",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="holidays", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="condition",
            name="ended",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ends",
                to="registers.mechanismversion",
            ),
        ),
        migrations.AddField(
            model_name="condition",
            name="introduced",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="introduces",
                to="registers.mechanismversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_on", None)), fields=("mechanism", "number"), name="current_condition_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=check_constraint(
                models.Q(
                    models.Q(("ended", None), ("ended_on", None)),
                    models.Q(("ended__isnull", False), ("ended_on__isnull", False)),
                    _connector="OR",
                ),
                name="condition_ends_with_a_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="projectphase",
            constraint=models.UniqueConstraint(fields=("project", "phase"), name="phase_once_in_a_project"),
        ),
        migrations.AddConstraint(
            model_name="projectphase",
            constraint=check_constraint(
                models.Q(
                    ("starts_on", None), ("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="phase_ends_after_its_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="milestone_name_unique"),
        ),
        migrations.AddConstraint(
            model_name="mechanismversion",
            constraint=models.UniqueConstraint(fields=("mechanism", "number"), name="mechanism_version_unique"),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.UniqueConstraint(fields=("project", "on"), name="one_holiday_a_day"),
        ),
    ]
