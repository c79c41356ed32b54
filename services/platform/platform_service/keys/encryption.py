"""Private keys at rest: encrypted by a key that stands in the environment, never in the database."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_BITS = 2048


class WrongEncryptionKey(Exception):
    """None of KEY_ENCRYPTION_KEYS opens this signing key."""


class KeyCipher:
    """Encrypts with the first of KEY_ENCRYPTION_KEYS and decrypts with any, so that these can be replaced too."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, private_pem: str) -> str:
        """The encrypted form, text."""
        return self._fernet.encrypt(private_pem.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """The private key as PEM. Raises WrongEncryptionKey."""
        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except InvalidToken as error:
            raise WrongEncryptionKey(str(WrongEncryptionKey.__doc__)) from error


def new_pair() -> tuple[str, str]:
    """A fresh RSA key as PEM: private, public. Takes a tenth of a second of CPU."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
