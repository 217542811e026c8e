import django.db.models.deletion
import django.utils.timezone
from config.compat import check_constraint
from django.conf import settings
from django.db import migrations, models

import notifications.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registers", "0004_invitations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("due", "What falls due"),
                            ("action", "Corrective actions that fall due"),
                            ("inspection", "Inspections that are planned"),
                            ("overdue", "What you are late with"),
                            ("escalation", "What others are late with"),
                            ("regulator", "Clocks of regulators"),
                            ("mention", "Comments that name you"),
                            ("digest", "Your week, each Monday"),
                        ],
                        max_length=12,
                    ),
                ),
                ("subject", models.CharField(help_text="What it is about, such as occurrence:17.", max_length=60)),
                ("step", models.SmallIntegerField(help_text="Days before the date; 0 on it, negative after it.")),
                ("due_date", models.DateField(help_text="The date of which it tells.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("claimed", "Being sent"),
                            ("sent", "Sent"),
                            ("dropped", "No longer needed"),
                            ("dead", "Given up"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "message_id",
                    models.CharField(help_text="The same each time it is tried.", max_length=120, unique=True),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("claim", models.CharField(blank=True, help_text="Of the sender that holds it.", max_length=32)),
                (
                    "claimed_until",
                    models.DateTimeField(blank=True, help_text="Until then no other sender takes it.", null=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, help_text="When it was sent, dropped or given up.", null=True),
                ),
                ("reason", models.CharField(blank=True, help_text="Why it was not sent.", max_length=500)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="registers.project"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Choices",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("off", models.JSONField(blank=True, default=list, help_text="Kinds that are not wanted.")),
                (
                    "before",
                    models.JSONField(
                        blank=True,
                        default=notifications.models.all_days,
                        help_text="Days before a date, each a reminder.",
                    ),
                ),
                (
                    "digest_only",
                    models.BooleanField(default=False, help_text="The week's mail stands for all single ones."),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Where it is used, such as Phone.", max_length=60)),
                (
                    "token_hash",
                    models.CharField(help_text="SHA-256 of what stands in the address.", max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("read_on", models.DateField(blank=True, null=True, verbose_name="last read on")),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        help_text="All of it; empty for the person's own.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="registers.project",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_feeds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="CalendarEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(help_text="What falls due, such as occurrence:17.", max_length=60)),
                ("on", models.DateField()),
                ("title", models.CharField(max_length=255)),
                ("people", models.JSONField(default=list, help_text="Keys of those whom it concerns.")),
                ("is_cancelled", models.BooleanField(default=False)),
                ("sequence", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="registers.project"
                    ),
                ),
            ],
            options={
                "ordering": ["on", "pk"],
            },
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["state", "next_try_at"], name="notice_to_send"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["subject"], name="notice_subject"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["project", "state"], name="notice_project_state"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["claim"], name="notice_claim"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("person", "subject", "kind", "step", "due_date"), name="nothing_is_told_twice"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=check_constraint(
                models.Q(
                    models.Q(("state", "claimed"), _negated=True),
                    models.Q(models.Q(("claim", ""), _negated=True), ("claimed_until__isnull", False)),
                    _connector="OR",
                ),
                name="claimed_notice_has_a_lease",
            ),
        ),
        migrations.AddIndex(
            model_name="calendarentry",
            index=models.Index(fields=["project", "on"], name="calendar_entry_on"),
        ),
        migrations.AddConstraint(
            model_name="calendarentry",
            constraint=models.UniqueConstraint(fields=("project", "subject"), name="calendar_entry_once"),
        ),
    ]
