import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=20,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z0-9][A-Z0-9-]*$", "Use capital letters, digits and hyphens, such as WRL."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("timezone", models.CharField(default="Australia/Perth", max_length=50)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="projects", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ResponsibleRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProjectMembership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Organisation administrator"),
                            ("manager", "Environment manager"),
                            ("advisor", "Environmental adviser"),
                            ("contributor", "Responsible person"),
                            ("approver", "Approver"),
                            ("auditor", "Auditor"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="registers.project"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="project_memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Procedure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("reference", models.CharField(blank=True, max_length=100)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Phase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ObligationType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Mechanism",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ministerial_statement", "Ministerial Statement (EP Act Part IV)"),
                            ("part_v", "Works approval or licence (EP Act Part V)"),
                            ("clearing_permit", "Clearing permit"),
                            ("epbc", "EPBC approval"),
                            ("epl", "Environment protection licence (NSW)"),
                            ("development_consent", "Development consent"),
                            ("tenement", "Mining tenement or mine closure plan condition"),
                            ("water_licence", "Water licence"),
                            ("heritage_consent", "Heritage consent"),
                            ("management_plan", "Management plan"),
                            ("agreement", "Lease or agreement"),
                            ("commitment", "Internal commitment"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "short",
                    models.CharField(
                        help_text="Stands before an obligation's number, as in MS1234 6-2(1).",
                        max_length=40,
                        verbose_name="short name",
                    ),
                ),
                ("reference", models.CharField(max_length=100)),
                ("title", models.CharField(blank=True, max_length=255)),
                ("holder", models.CharField(blank=True, max_length=200)),
                ("regulator", models.CharField(blank=True, max_length=200)),
                ("issued", models.DateField(blank=True, null=True)),
                ("effective", models.DateField(blank=True, null=True)),
                ("expires", models.DateField(blank=True, null=True)),
                (
                    "anniversary_month",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                    ),
                ),
                (
                    "anniversary_day",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(31),
                        ],
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("superseded", "Superseded"),
                            ("surrendered", "Surrendered"),
                            ("expired", "Expired"),
                        ],
                        default="active",
                        max_length=20,
                    ),
                ),
                ("description", models.TextField(blank=True)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="registers.mechanism",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mechanisms", to="registers.project"
                    ),
                ),
            ],
            options={
                "ordering": ["reference"],
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60)),
                ("sort_key", models.CharField(editable=False, max_length=255)),
                ("heading", models.CharField(blank=True, max_length=255)),
                ("text", models.TextField(blank=True)),
                (
                    "mechanism",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="conditions", to="registers.mechanism"
                    ),
                ),
            ],
            options={
                "ordering": ["mechanism", "sort_key"],
            },
        ),
        migrations.CreateModel(
            name="Aspect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="responsiblerole",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="responsiblerole_unique_name"),
        ),
        migrations.AddConstraint(
            model_name="projectmembership",
            constraint=models.UniqueConstraint(fields=("project", "user"), name="one_role_in_a_project"),
        ),
        migrations.AddConstraint(
            model_name="procedure",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="procedure_unique_name"),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="phase_unique_name"),
        ),
        migrations.AddConstraint(
            model_name="party",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="party_unique_name"),
        ),
        migrations.AddConstraint(
            model_name="obligationtype",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="obligationtype_unique_name"),
        ),
        migrations.AddConstraint(
            model_name="mechanism",
            constraint=models.UniqueConstraint(fields=("project", "reference"), name="mechanism_reference_unique"),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.UniqueConstraint(fields=("mechanism", "number"), name="condition_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="aspect",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="aspect_unique_name"),
        ),
    ]
