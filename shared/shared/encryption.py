"""Secrets at rest: encrypted with a key from the environment, never from the database."""

from __future__ import annotations

from typing import Annotated

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import AfterValidator, SecretStr


class WrongEncryptionKey(Exception):
    """None of the configured encryption keys can decrypt this secret."""


class Cipher:
    """Encrypts with the first of its Fernet keys and decrypts with any, so that these can be replaced too."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, secret: str) -> str:
        """The encrypted form, text."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """The secret. Raises WrongEncryptionKey."""
        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except InvalidToken as error:
            raise WrongEncryptionKey(str(WrongEncryptionKey.__doc__)) from error

    def rotate(self, encrypted: str) -> str:
        """The same secret, encrypted by the first key. Raises WrongEncryptionKey."""
        return self.encrypt(self.decrypt(encrypted))


def split_keys(keys: SecretStr) -> list[str]:
    """The keys of a setting of the type FernetKeys."""
    return [key.strip() for key in keys.get_secret_value().split(",") if key.strip()]


def _are_fernet_keys(value: SecretStr) -> SecretStr:
    keys = split_keys(value)
    if not keys:
        raise ValueError("at least one Fernet key is required")
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ValueError("not a Fernet key: 32 bytes in URL-safe base64") from None
    return value


FernetKeys = Annotated[SecretStr, AfterValidator(_are_fernet_keys)]
"""A setting: comma-separated Fernet keys, of which the first encrypts and all decrypt."""
