"""Password hashing that fits a host with 0.5 GB."""

from django.contrib.auth import hashers


class PBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """PBKDF2-SHA256 with the number of rounds that OWASP's password storage cheat sheet asks for."""

    iterations = 600_000
