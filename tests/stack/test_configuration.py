from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from stack.directory import RunDirectory
from stack.errors import StackError
from stack.steps import Program
from stack.supervisor import IN_A_SESSION, write_configuration

AWKWARD = {
    "JSON": '{"coocook": "a,b", "platform": "c"}',
    "URL": "postgresql://role:p%40ss@127.0.0.1:5432/db?x=1",
    "APOSTROPHE": "o'brien's",
    "SPACES": " two  words;#",
    "EMPTY": "",
}


def program(environment: dict[str, str]) -> Program:
    return Program(
        name="part", command=["run", "two words", "100%", "it's"], healthy=lambda: True, port=1, environment=environment
    )  # fmt: skip


def write(root: Path, environment: dict[str, str]) -> Path:
    directory = RunDirectory(root)
    directory.create()
    return write_configuration(directory, [program(environment)], port=1234, password="pw", root=False)


def test_supervisord_reads_back_every_value_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "100% mine", AWKWARD)
    options = ServerOptions()
    options.configfile = str(path)
    options.process_config(do_usage=False)
    (group,) = options.process_group_configs
    (read,) = group.process_configs
    assert AWKWARD.items() <= read.environment.items()
    assert read.environment["STACK_PART"] == "part"
    assert read.command == shlex.join([*IN_A_SESSION, "run", "two words", "100%", "it's"])
    assert read.autorestart is not False


@pytest.mark.parametrize("value", ["""both ' and \"""", "a\nb", '"quoted"', "a ;b", "a #b"])
def test_a_value_that_supervisord_would_mangle_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(StackError, match="cannot pass on"):
        write(tmp_path, {"NAME": value})


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    assert write(tmp_path, {}).stat().st_mode & 0o077 == 0
