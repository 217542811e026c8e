import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                ("actor_name", models.CharField(help_text="As the actor was called then.", max_length=254)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "Web"),
                            ("api", "API"),
                            ("command", "Command"),
                            ("import", "Import"),
                            ("system", "System"),
                        ],
                        max_length=10,
                    ),
                ),
                ("address", models.CharField(blank=True, help_text="The actor's IP address.", max_length=45)),
                ("action", models.CharField(help_text="What was done, such as occurrence.close.", max_length=60)),
                (
                    "project_id",
                    models.BigIntegerField(help_text="The project's key; the project may be gone since.", null=True),
                ),
                ("subject", models.CharField(help_text="What it was done to, such as occurrence:17.", max_length=60)),
                ("subject_label", models.CharField(max_length=255)),
                (
                    "topic",
                    models.CharField(blank=True, help_text="Whose page shows it, such as obligation:4.", max_length=60),
                ),
                (
                    "changes",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        help_text="Field: [before, after].",
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["organisation", "sequence"],
            },
        ),
        migrations.CreateModel(
            name="AuditChain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveBigIntegerField(default=0)),
                ("hash", models.CharField(blank=True, max_length=64)),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["topic", "-sequence"], name="audit_topic"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["project_id", "-sequence"], name="audit_project"),
        ),
        migrations.AddConstraint(
            model_name="auditevent",
            constraint=models.UniqueConstraint(fields=("organisation", "sequence"), name="one_event_a_place"),
        ),
    ]
