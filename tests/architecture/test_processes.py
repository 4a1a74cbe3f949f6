"""Each process loads what it needs and no more."""

import json
import subprocess
import sys

from tests.architecture.source import ROOT

VENDORS = ("pydantic_ai", "openai", "anthropic", "tiktoken", "mcp")


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after one statement."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run((sys.executable, "-c", code), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_web_process_loads_no_vendor_library() -> None:
    assert loaded_by("import console.asgi").isdisjoint(VENDORS)


def test_the_clock_loads_no_vendor_library() -> None:
    assert loaded_by("import console.clock; console.clock.app.loader.init_worker()").isdisjoint(
        (*VENDORS, "agents.models", "console.urls")
    )


def test_management_commands_start_without_the_vendor_libraries() -> None:
    setup = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'console.settings'; import django; django.setup()"
    assert loaded_by(setup).isdisjoint(VENDORS)


def test_engine_and_contracts_load_no_framework() -> None:
    frameworks = {"django", "celery", "channels", "redis", *VENDORS}
    assert loaded_by("import agents.engine.loop, agents.contracts").isdisjoint(frameworks)
