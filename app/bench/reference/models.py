from __future__ import annotations

from django.db import models


class Row(models.Model):
    """One of many."""

    number = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    owner = models.CharField(max_length=100)
    due = models.DateField()
    state = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.number
