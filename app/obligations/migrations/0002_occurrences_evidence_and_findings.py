import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
from config.compat import check_constraint
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0002_versions_calendar_and_procedures"),
        ("files", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("accounts", "0001_initial"),
        ("obligations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("question", models.CharField(max_length=255)),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("satisfactory", "Satisfactory"),
                            ("finding", "Finding"),
                            ("not_applicable", "Not applicable"),
                        ],
                        max_length=15,
                    ),
                ),
                ("note", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ChecklistItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("text", models.CharField(max_length=255, verbose_name="what to look at")),
                ("guidance", models.TextField(blank=True)),
                ("is_current", models.BooleanField(default=True, help_text="Asked in inspections to come.")),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="ColumnMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("header", models.CharField(help_text="SHA-256 of the header's names.", max_length=64)),
                (
                    "columns",
                    models.JSONField(default=dict, help_text="Column: field, or empty to keep it as an extra field."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="CorrectiveAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("description", models.TextField()),
                ("due_on", models.DateField()),
                ("completed_on", models.DateField(blank=True, null=True)),
                ("completion_note", models.TextField(blank=True)),
                ("check_on", models.DateField(blank=True, null=True, verbose_name="effectiveness check on")),
                ("is_effective", models.BooleanField(blank=True, null=True, verbose_name="found effective")),
                ("check_note", models.TextField(blank=True, verbose_name="what the check found")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "ordering": ["due_on", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="The file's name as it was uploaded.", max_length=255)),
                ("description", models.CharField(blank=True, max_length=255)),
                (
                    "effective_on",
                    models.DateField(
                        help_text="The day that it speaks of, not that of the upload.", verbose_name="effective date"
                    ),
                ),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("removed_for", models.CharField(blank=True, max_length=255, verbose_name="reason it was removed")),
            ],
            options={
                "verbose_name_plural": "evidence",
                "ordering": ["-uploaded_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("previous_date", models.DateField()),
                ("new_date", models.DateField()),
                ("granted_by", models.CharField(help_text="The person or body that granted it.", max_length=200)),
                ("reference", models.CharField(help_text="Of the letter or email.", max_length=200)),
                ("reason", models.TextField()),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["recorded_at"],
            },
        ),
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=255)),
                ("columns", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("checking", "Being checked"),
                            ("checked", "Checked"),
                            ("accepting", "Being accepted"),
                            ("accepted", "Accepted"),
                            ("undone", "Undone"),
                            ("discarded", "Discarded"),
                            ("failed", "Failed"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                ("counts", models.JSONField(default=dict, help_text="Result: number of rows.")),
                ("progress", models.PositiveIntegerField(default=0, help_text="Rows read so far.")),
                ("problem", models.TextField(blank=True)),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-uploaded_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField()),
                ("number", models.CharField(blank=True, max_length=255)),
                ("result", models.CharField(max_length=10)),
                ("findings", models.JSONField(default=list)),
                (
                    "changes",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        help_text="Field: [before, after].",
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        help_text="Of the obligation after it; another one means touched.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["batch", "line"],
            },
        ),
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Planned"), ("performed", "Performed"), ("cancelled", "Cancelled")],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("planned_on", models.DateField()),
                (
                    "place",
                    models.CharField(
                        blank=True,
                        choices=[("site", "Site"), ("desktop", "Desktop")],
                        max_length=10,
                        verbose_name="site or desktop",
                    ),
                ),
                ("location", models.CharField(blank=True, max_length=255)),
                ("performed_on", models.DateField(blank=True, null=True)),
                ("summary", models.TextField(blank=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "ordering": ["-planned_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="NonCompliance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("non_compliant", "Non-compliance"),
                            ("potentially_non_compliant", "Potential non-compliance"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("notified", "Regulator notified"),
                            ("closed", "Closed"),
                            ("dismissed", "Found compliant"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField()),
                ("aware_on", models.DateField(verbose_name="became aware on")),
                ("occurred_from", models.DateField(blank=True, null=True, verbose_name="occurred on")),
                ("occurred_to", models.DateField(blank=True, null=True, verbose_name="until")),
                ("is_continuing", models.BooleanField(default=False, verbose_name="still continuing")),
                ("expected_end", models.DateField(blank=True, null=True)),
                (
                    "medium",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("air", "Air"),
                            ("water_land", "Water or land"),
                            ("noise", "Noise"),
                            ("waste", "Waste"),
                            ("other", "Other"),
                        ],
                        max_length=15,
                    ),
                ),
                ("is_pollution_incident", models.BooleanField(default=False, verbose_name="pollution incident")),
                ("incident_reference", models.CharField(blank=True, max_length=100)),
                ("location", models.CharField(blank=True, max_length=255)),
                ("cause", models.TextField(blank=True, verbose_name="cause or suspected cause")),
                ("mitigation", models.TextField(blank=True, verbose_name="actions to mitigate")),
                ("prevention", models.TextField(blank=True, verbose_name="actions to prevent recurrence")),
                (
                    "notify_value",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="tell the regulator within"),
                ),
                (
                    "notify_unit",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("day", "days"),
                            ("business_day", "business days"),
                            ("week", "weeks"),
                            ("month", "months"),
                            ("year", "years"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "notify_count",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("exclusive", "The day of the event does not count"),
                            ("inclusive", "The day of the event is day 1"),
                        ],
                        max_length=10,
                    ),
                ),
                ("notification_due", models.DateField(blank=True, editable=False, null=True)),
                ("notified_on", models.DateField(blank=True, null=True)),
                ("notified_how", models.CharField(blank=True, max_length=200, verbose_name="notified by")),
                (
                    "notified_reference",
                    models.CharField(blank=True, max_length=200, verbose_name="reference of the notification"),
                ),
                ("raised_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("closing_note", models.TextField(blank=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveIntegerField(help_text="Its place in the rule's sequence, from 0.")),
                ("period_start", models.DateField(blank=True, null=True)),
                ("period_end", models.DateField(blank=True, null=True)),
                ("nominal_date", models.DateField(blank=True, null=True)),
                ("due_date", models.DateField(blank=True, null=True)),
                ("target_date", models.DateField(blank=True, null=True, verbose_name="internal target")),
                ("triggered_on", models.DateField(blank=True, null=True)),
                ("trigger", models.CharField(blank=True, max_length=255, verbose_name="what triggered it")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("open", "Open"),
                            ("in_progress", "In progress"),
                            ("submitted", "Submitted for review"),
                            ("closed", "Closed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="scheduled",
                        max_length=15,
                    ),
                ),
                (
                    "touched",
                    models.BooleanField(
                        default=False, help_text="A person worked on it, so that a changed rule leaves it where it is."
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("compliant", "Compliant"),
                            ("non_compliant", "Non-compliant"),
                            ("potentially_non_compliant", "Potentially non-compliant"),
                            ("not_triggered", "Not triggered"),
                        ],
                        max_length=25,
                        verbose_name="outcome",
                    ),
                ),
                ("completed_on", models.DateField(blank=True, null=True)),
                ("submitted_on", models.DateField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_for", models.CharField(blank=True, max_length=255, verbose_name="reason it was cancelled")),
                ("note", models.TextField(blank=True, verbose_name="closing note")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "ordering": ["obligation", "sequence"],
            },
        ),
        migrations.CreateModel(
            name="RecurrenceRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("one_off", "Once, on a date"),
                            ("fixed", "Repeatedly, by the calendar"),
                            ("after_completion", "Again, a time after it was last done"),
                            ("event", "A time after (or before) an event"),
                            ("phase_start", "A time after its project phase starts"),
                            ("continuous", "All the time, assessed once a reporting period"),
                            ("as_required", "As required, without a date"),
                        ],
                        max_length=20,
                    ),
                ),
                ("anchor_date", models.DateField(blank=True, null=True, verbose_name="first date")),
                (
                    "interval",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)], verbose_name="every"
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("day", "days"),
                            ("business_day", "business days"),
                            ("week", "weeks"),
                            ("month", "months"),
                            ("year", "years"),
                        ],
                        default="month",
                        max_length=15,
                    ),
                ),
                ("eom", models.BooleanField(default=False, verbose_name="last day of the month")),
                ("weekdays", models.CharField(blank=True, help_text="Such as MO,TH.", max_length=20)),
                (
                    "nth_weekday",
                    models.SmallIntegerField(
                        blank=True,
                        help_text="Which of those weekdays in the month: 1 to 4, or -1 for the last.",
                        null=True,
                    ),
                ),
                (
                    "months",
                    models.CharField(blank=True, help_text="Only in these months, such as 3,6,9,12.", max_length=40),
                ),
                ("lag_value", models.SmallIntegerField(blank=True, null=True, verbose_name="due")),
                (
                    "lag_unit",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("day", "days"),
                            ("business_day", "business days"),
                            ("week", "weeks"),
                            ("month", "months"),
                            ("year", "years"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "lag_base",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("period_end", "the last day of the period"),
                            ("anniversary", "the day after the period"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "lag_month",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Due on this month and day after the period, instead of a time after it.",
                        null=True,
                    ),
                ),
                ("lag_day", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "event",
                    models.CharField(blank=True, help_text="Such as “a changed contact address”.", max_length=200),
                ),
                (
                    "end",
                    models.CharField(
                        choices=[
                            ("never", "Never"),
                            ("expiry", "When the mechanism expires"),
                            ("date", "On a date"),
                            ("count", "After a number of times"),
                        ],
                        default="expiry",
                        max_length=10,
                        verbose_name="ends",
                    ),
                ),
                ("end_date", models.DateField(blank=True, null=True)),
                ("end_count", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "roll_policy",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "It stays"),
                            ("next_business_day", "The next business day"),
                            ("previous_business_day", "The business day before"),
                        ],
                        help_text="Or as its mechanism.",
                        max_length=25,
                    ),
                ),
                (
                    "day_count",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("exclusive", "The day of the event does not count"),
                            ("inclusive", "The day of the event is day 1"),
                        ],
                        help_text="Or as its mechanism.",
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(blank=True, help_text="As in the register's address.", max_length=1000)),
                ("is_shared", models.BooleanField(default=False, verbose_name="shared with the project")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_on", models.DateField()),
                (
                    "ends_on",
                    models.DateField(
                        blank=True, help_text="The first day after it.", null=True, verbose_name="resumes on"
                    ),
                ),
                ("reason", models.TextField()),
            ],
            options={
                "ordering": ["starts_on"],
            },
        ),
        migrations.AddField(
            model_name="obligation",
            name="advice",
            field=models.CharField(blank=True, max_length=255, verbose_name="on whose advice"),
        ),
        migrations.AddField(
            model_name="obligation",
            name="backup_person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="compliance_override",
            field=models.CharField(
                blank=True,
                choices=[
                    ("non_compliant", "Non-compliant"),
                    ("potentially_non_compliant", "Potentially non-compliant"),
                    ("in_process", "In process"),
                    ("compliant", "Compliant"),
                    ("not_required", "Not required at this stage"),
                ],
                max_length=25,
                verbose_name="compliance, as judged",
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="compliance_override_reason",
            field=models.TextField(blank=True, verbose_name="reason of that judgement"),
        ),
        migrations.AddField(
            model_name="obligation",
            name="interpretation",
            field=models.TextField(blank=True, verbose_name="how it applies"),
        ),
        migrations.AddField(
            model_name="obligation",
            name="lifecycle",
            field=models.CharField(
                choices=[("active", "Active"), ("suspended", "Suspended"), ("retired", "Retired")],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="phase_gated",
            field=models.BooleanField(
                default=False,
                help_text="Nothing falls due before its project phase starts.",
                verbose_name="only while its phase runs",
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="responsible_person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="risk",
            field=models.CharField(
                blank=True, choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")], max_length=10
            ),
        ),
        migrations.AddField(
            model_name="obligation",
            name="satisfies",
            field=models.CharField(blank=True, max_length=255, verbose_name="to whose satisfaction"),
        ),
        migrations.AddField(
            model_name="obligation",
            name="tags",
            field=models.CharField(blank=True, help_text="Words of your own, separated by commas.", max_length=255),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["responsible_person", "action_due_date"], name="obligation_person_due"),
        ),
        migrations.AddField(
            model_name="suspension",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="suspensions", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="suspension",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="recurrencerule",
            name="milestone",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rules",
                to="registers.milestone",
            ),
        ),
        migrations.AddField(
            model_name="recurrencerule",
            name="obligation",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="rule", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="assigned_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="occurrences",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="closed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="occurrences", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="occurrences", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="submitted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="noncompliance",
            name="closed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="noncompliance",
            name="condition",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registers.condition",
            ),
        ),
        migrations.AddField(
            model_name="noncompliance",
            name="finding",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="non_compliances",
                to="obligations.answer",
            ),
        ),
        migrations.AddField(
            model_name="noncompliance",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="non_compliances", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="noncompliance",
            name="occurrence",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="non_compliances",
                to="obligations.occurrence",
            ),
        ),
        migrations.AddField(
            model_name="noncompliance",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="non_compliances", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="noncompliance",
            name="raised_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="inspection",
            name="inspector",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="inspections",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="inspection",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="inspections", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="inspection",
            name="occurrence",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="inspections",
                to="obligations.occurrence",
            ),
        ),
        migrations.AddField(
            model_name="inspection",
            name="performed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="inspection",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="inspections", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="obligations.importbatch"
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="obligation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="import_rows",
                to="obligations.obligation",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="accepted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="file",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="files.storedfile"
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="imports", to="registers.project"
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="occurrence",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="extensions", to="obligations.occurrence"
            ),
        ),
        migrations.AddField(
            model_name="extension",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="corrective_action",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="evidence",
                to="obligations.correctiveaction",
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="files.storedfile"
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="inspection",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="evidence",
                to="obligations.inspection",
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="occurrence",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="evidence",
                to="obligations.occurrence",
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="removed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="reviewed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="uploaded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="correctiveaction",
            name="checked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="correctiveaction",
            name="closed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="correctiveaction",
            name="non_compliance",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="actions", to="obligations.noncompliance"
            ),
        ),
        migrations.AddField(
            model_name="correctiveaction",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrective_actions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="mentions",
            field=models.ManyToManyField(blank=True, related_name="mentioned_in", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="comment",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="occurrence",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="obligations.occurrence",
            ),
        ),
        migrations.AddField(
            model_name="columnmapping",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
            ),
        ),
        migrations.AddField(
            model_name="checklistitem",
            name="obligation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="checklist", to="obligations.obligation"
            ),
        ),
        migrations.AddField(
            model_name="answer",
            name="inspection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="answers", to="obligations.inspection"
            ),
        ),
        migrations.AddField(
            model_name="answer",
            name="item",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="obligations.checklistitem",
            ),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=check_constraint(
                models.Q(("ends_on", None), ("ends_on__gt", models.F("starts_on")), _connector="OR"),
                name="suspension_ends_after_its_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(fields=("project", "owner", "name"), name="saved_view_name_unique"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_shared", True)), fields=("project", "name"), name="shared_view_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="recurrencerule",
            constraint=check_constraint(models.Q(("interval__gte", 1)), name="rule_interval_positive"),
        ),
        migrations.AddConstraint(
            model_name="recurrencerule",
            constraint=check_constraint(
                models.Q(models.Q(("end", "date"), _negated=True), ("end_date__isnull", False), _connector="OR"),
                name="rule_end_has_a_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurrencerule",
            constraint=check_constraint(
                models.Q(models.Q(("end", "count"), _negated=True), ("end_count__gte", 1), _connector="OR"),
                name="rule_end_has_a_count",
            ),
        ),
        migrations.AddConstraint(
            model_name="recurrencerule",
            constraint=check_constraint(
                models.Q(
                    models.Q(("basis__in", ["one_off", "fixed"]), _negated=True),
                    ("anchor_date__isnull", False),
                    _connector="OR",
                ),
                name="rule_has_an_anchor",
            ),
        ),
        migrations.AddIndex(
            model_name="occurrence",
            index=models.Index(fields=["project", "due_date"], name="occurrence_project_due"),
        ),
        migrations.AddIndex(
            model_name="occurrence",
            index=models.Index(fields=["project", "state", "due_date"], name="occurrence_state_due"),
        ),
        migrations.AddIndex(
            model_name="occurrence",
            index=models.Index(fields=["assigned_to", "state", "due_date"], name="occurrence_person_due"),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=models.UniqueConstraint(
                fields=("obligation", "sequence"), name="occurrence_once_in_its_sequence"
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=check_constraint(
                models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    models.Q(models.Q(("result", ""), _negated=True), ("completed_on__isnull", False)),
                    _connector="OR",
                ),
                name="closed_occurrence_has_an_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=check_constraint(
                models.Q(
                    models.Q(("state", "cancelled"), _negated=True),
                    models.Q(("cancelled_for", ""), _negated=True),
                    _connector="OR",
                ),
                name="cancelled_occurrence_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=check_constraint(
                models.Q(("period_start", None), ("period_end__gte", models.F("period_start")), _connector="OR"),
                name="occurrence_period_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="noncompliance",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="non_compliance_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="noncompliance",
            constraint=check_constraint(
                models.Q(
                    ("occurred_from", None),
                    ("occurred_to", None),
                    ("occurred_to__gte", models.F("occurred_from")),
                    _connector="OR",
                ),
                name="non_compliance_dates_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="inspection",
            index=models.Index(fields=["project", "state", "planned_on"], name="inspection_project_planned"),
        ),
        migrations.AddConstraint(
            model_name="inspection",
            constraint=check_constraint(
                models.Q(
                    models.Q(("state", "performed"), _negated=True), ("performed_on__isnull", False), _connector="OR"
                ),
                name="performed_inspection_has_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.UniqueConstraint(fields=("batch", "line"), name="one_row_a_line"),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=check_constraint(
                models.Q(("new_date__gt", models.F("previous_date"))), name="extension_gives_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=check_constraint(
                models.Q(("removed_at", None), models.Q(("removed_for", ""), _negated=True), _connector="OR"),
                name="removed_evidence_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=check_constraint(models.Q(("text", ""), _negated=True), name="comment_says_something"),
        ),
        migrations.AddConstraint(
            model_name="columnmapping",
            constraint=models.UniqueConstraint(fields=("organisation", "header"), name="one_mapping_a_header"),
        ),
    ]
