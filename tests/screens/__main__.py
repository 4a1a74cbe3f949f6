"""`python -m tests.screens`: takes all pictures; README's go to docs/screens, the others to var/screens."""

import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import django

from tests.harness.machine import ProgramMissing, provide
from tests.harness.stages import ROOT

COMMITTED = (
    "overview-dark",
    "run-degraded-dark",
    "runs-light",
    "runs-dark-phone",
    "budgets-dark",
    "limit-light",
    "tool-light",
)
UNSET = ("DATABASE_URL", "REDIS_URL", "WATCHFLOOR_LIBRARY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def main() -> int:
    """Take the pictures on a scratch stack and return the exit code."""
    try:
        provide()
    except ProgramMissing as problem:
        print(f"watchfloor: {problem}", file=sys.stderr)
        return 1
    shots = ROOT / "var" / "screens"
    with tempfile.TemporaryDirectory(prefix="watchfloor-screens-") as folder:
        take(var=Path(folder), shots=shots)
    for name in COMMITTED:
        target = ROOT / "docs" / "screens" / f"{name}.png"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes((shots / target.name).read_bytes())
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1000} kB")
    return 0


def take(*, var: Path, shots: Path) -> None:
    """Django reads where its rows are when it is set up, and models may be imported only after that."""
    for name in UNSET:
        os.environ.pop(name, None)
    os.environ |= {"WATCHFLOOR_VAR": str(var), "DJANGO_SETTINGS_MODULE": "console.settings"}
    # Playwright keeps an event loop in this thread, which Django would take for a mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()
    import_module("tests.screens.take").take_all(var=var, shots=shots)


if __name__ == "__main__":
    sys.exit(main())
