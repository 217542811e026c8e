import django.core.serializers.json
import django.db.models.deletion
from config.compat import check_constraint
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Obligation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60)),
                ("sort_key", models.CharField(editable=False, max_length=255)),
                ("title", models.CharField(blank=True, max_length=255)),
                ("requirement", models.TextField(help_text="The obligation in the words of the mechanism.")),
                ("supporting_information", models.TextField(blank=True)),
                ("general_comments", models.TextField(blank=True)),
                ("compliance_comments", models.TextField(blank=True)),
                ("non_conformance_comments", models.TextField(blank=True, verbose_name="non-conformance comments")),
                ("evidence_notes", models.TextField(blank=True, verbose_name="evidence")),
                (
                    "responsible_email",
                    models.EmailField(blank=True, max_length=254, verbose_name="responsible person's email"),
                ),
                ("action_due_date", models.DateField(blank=True, null=True)),
                ("close_out_date", models.DateField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("not_started", "Not started"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                        ],
                        default="not_started",
                        max_length=20,
                    ),
                ),
                ("recurring", models.BooleanField(default=False, verbose_name="recurring obligation")),
                (
                    "recurring_frequency",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("daily", "Daily"),
                            ("weekly", "Weekly"),
                            ("fortnightly", "Fortnightly"),
                            ("monthly", "Monthly"),
                            ("quarterly", "Quarterly"),
                            ("six_monthly", "Six-monthly"),
                            ("annually", "Annually"),
                            ("biennial", "Every two years"),
                            ("as_required", "As required"),
                            ("mobilisation", "On mobilisation"),
                            ("decommissioning", "On decommissioning"),
                            ("extreme_weather", "On extreme weather"),
                            ("incident", "On an incident"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "recurring_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_started", "Not started"),
                            ("in_progress", "In progress"),
                            ("completed", "Completed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("recurring_forecast_date", models.DateField(blank=True, null=True)),
                ("inspection", models.BooleanField(default=False)),
                (
                    "inspection_frequency",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("daily", "Daily"),
                            ("weekly", "Weekly"),
                            ("fortnightly", "Fortnightly"),
                            ("monthly", "Monthly"),
                            ("quarterly", "Quarterly"),
                            ("six_monthly", "Six-monthly"),
                            ("annually", "Annually"),
                            ("biennial", "Every two years"),
                            ("as_required", "As required"),
                            ("mobilisation", "On mobilisation"),
                            ("decommissioning", "On decommissioning"),
                            ("extreme_weather", "On extreme weather"),
                            ("incident", "On an incident"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "site_or_desktop",
                    models.CharField(blank=True, choices=[("site", "Site"), ("desktop", "Desktop")], max_length=10),
                ),
                ("new_control_action_required", models.BooleanField(default=False)),
                ("gap_analysis", models.BooleanField(blank=True, null=True)),
                ("gap_analysis_notes", models.TextField(blank=True)),
                (
                    "extra",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        help_text="Columns of an imported register without a field here.",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "accountability",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.party",
                    ),
                ),
                (
                    "aspect",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.aspect",
                        verbose_name="environmental aspect",
                    ),
                ),
                (
                    "condition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="registers.condition",
                    ),
                ),
                (
                    "mechanism",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="registers.mechanism",
                        verbose_name="environmental mechanism",
                    ),
                ),
                (
                    "obligation_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.obligationtype",
                        verbose_name="type",
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.phase",
                        verbose_name="project phase",
                    ),
                ),
                (
                    "procedure",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.procedure",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="obligations", to="registers.project"
                    ),
                ),
                (
                    "responsible_role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.responsiblerole",
                        verbose_name="responsibility",
                    ),
                ),
            ],
            options={
                "ordering": ["mechanism", "sort_key"],
            },
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["mechanism", "sort_key"], name="obligation_number"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["project", "action_due_date"], name="obligation_due"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["project", "status", "action_due_date"], name="obligation_status_due"),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.UniqueConstraint(fields=("mechanism", "number"), name="obligation_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=check_constraint(models.Q(("number", ""), _negated=True), "obligation_has_a_number"),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=check_constraint(models.Q(("requirement", ""), _negated=True), "obligation_has_a_requirement"),
        ),
    ]
