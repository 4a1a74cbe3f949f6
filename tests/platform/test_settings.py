"""Settings come from the environment, and are strong without any."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.harness.stages import ROOT

NAMES = [
    "ALLOWED_HOSTS",
    "CONTENT_SECURITY_POLICY",
    "DATABASES",
    "DEBUG",
    "PASSWORD_HASHERS",
    "REDIS_URL",
    "SECRET_KEY",
    "SECURE_HSTS_SECONDS",
    "SESSION_COOKIE_SECURE",
    "STORAGES",
    "WHITENOISE_USE_FINDERS",
]
PRINT_SETTINGS = f"""
import json
from console import settings
print(json.dumps({{name: getattr(settings, name) for name in {NAMES!r}}}, default=str))
"""


def settings_with(var: Path, **environment: str) -> dict[str, Any]:
    """The settings of a fresh process that has only these variables."""
    given = {"PATH": os.environ["PATH"], "WATCHFLOOR_VAR": str(var), **environment}
    done = subprocess.run(
        (sys.executable, "-c", PRINT_SETTINGS),
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_without_an_environment_it_is_sqlite_and_closed(tmp_path: Path) -> None:
    found = settings_with(tmp_path)
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "watchfloor.sqlite3")
    assert found["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_the_policy_allows_nothing_inline(tmp_path: Path) -> None:
    directives = settings_with(tmp_path)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert directives["script-src"] == directives["style-src"] == ["'self'"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert not any("unsafe" in word for words in directives.values() for word in words)


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first, second = settings_with(tmp_path), settings_with(tmp_path)
    assert len(first["SECRET_KEY"]) >= 50
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_given_secret_key_is_used_and_not_written_down(tmp_path: Path) -> None:
    assert settings_with(tmp_path, SECRET_KEY="given")["SECRET_KEY"] == "given"
    assert not (tmp_path / "secret_key").exists()


def test_database_url_switches_to_postgresql_with_a_pool(tmp_path: Path) -> None:
    url = "postgres://watch:s%40cret@db.example:5433/floor?sslmode=require"
    default = settings_with(tmp_path, DATABASE_URL=url)["DATABASES"]["default"]
    assert default["ENGINE"] == "django.db.backends.postgresql"
    assert (default["HOST"], default["PORT"], default["PASSWORD"]) == ("db.example", 5433, "s@cret")
    assert default["OPTIONS"]["sslmode"] == "require"
    assert default["OPTIONS"]["pool"]["max_size"] > 64


def test_redis_url_names_the_broker(tmp_path: Path) -> None:
    assert settings_with(tmp_path)["REDIS_URL"] == "redis://127.0.0.1:6379/0"
    assert settings_with(tmp_path, REDIS_URL="redis://elsewhere:1/2")["REDIS_URL"] == "redis://elsewhere:1/2"


def test_behind_https_cookies_are_secure_and_browsers_remember_it(tmp_path: Path) -> None:
    found = settings_with(tmp_path, WATCHFLOOR_HTTPS="1", ALLOWED_HOSTS="floor.example, other.example")
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["SECURE_HSTS_SECONDS"] > 0
    assert found["ALLOWED_HOSTS"] == ["floor.example", "other.example"]


def test_static_files_are_hashed_once_collected_and_served_from_source_before(tmp_path: Path) -> None:
    before = settings_with(tmp_path)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text("{}")
    after = settings_with(tmp_path)
    assert (before["WHITENOISE_USE_FINDERS"], after["WHITENOISE_USE_FINDERS"]) == (True, False)
    assert "Manifest" in after["STORAGES"]["staticfiles"]["BACKEND"]


def test_commands_find_the_private_redis_of_a_running_installation(tmp_path: Path) -> None:
    assert settings_with(tmp_path)["REDIS_URL"] == "redis://127.0.0.1:6379/0"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "redis-url").write_text("redis://:secret@127.0.0.1:1234/0", encoding="ascii")
    assert settings_with(tmp_path)["REDIS_URL"] == "redis://:secret@127.0.0.1:1234/0"
    assert settings_with(tmp_path, REDIS_URL="redis://elsewhere/0")["REDIS_URL"] == "redis://elsewhere/0"


def test_a_sqlite_url_names_the_file(tmp_path: Path) -> None:
    found = settings_with(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/other.sqlite3")["DATABASES"]["default"]
    assert found["NAME"] == str(tmp_path / "other.sqlite3")
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
