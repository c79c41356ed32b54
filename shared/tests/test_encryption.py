"""shared.encryption: secrets at rest, whose keys can be replaced."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from shared.encryption import Cipher, FernetKeys, WrongEncryptionKey, split_keys

OLD, NEW = "b2xk" * 10 + "b2w=", "bmV3" * 10 + "bmU="


class Settings(BaseModel):
    keys: FernetKeys


def test_what_is_encrypted_is_another_text_and_comes_back() -> None:
    cipher = Cipher([OLD])
    assert "비밀" not in cipher.encrypt("비밀")
    assert cipher.decrypt(cipher.encrypt("비밀")) == "비밀"


def test_a_new_key_reads_what_the_old_one_wrote_and_takes_over() -> None:
    written = Cipher([OLD]).encrypt("secret")
    rotated = Cipher([NEW, OLD]).rotate(written)
    assert Cipher([NEW]).decrypt(rotated) == "secret"
    with pytest.raises(WrongEncryptionKey):
        Cipher([NEW]).decrypt(written)


def test_the_setting_takes_one_key_or_several_and_hides_them() -> None:
    settings = Settings.model_validate({"keys": f"{NEW}, {OLD},"})
    assert split_keys(settings.keys) == [NEW, OLD]
    assert NEW not in repr(settings)


@pytest.mark.parametrize("wrong", ["", " , ", "short", f"{NEW},short"])
def test_a_wrong_key_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="Fernet key"):
        Settings.model_validate({"keys": wrong})
