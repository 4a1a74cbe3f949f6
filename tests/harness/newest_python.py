"""Import everything under the newest Python that the project promises, when this machine has it.

`python -m tests.harness.newest_python` makes a virtual environment of it and lets it run this file again.
"""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("budgets", "agents", "console")
NEWEST = "3.13"
# What is imported once need not be compiled ahead, which is most of the work of installing.
QUICKLY = ("--no-compile", "--no-deps", "--require-hashes")


def main() -> int:
    """Find the interpreter, install what the lock names, import; 0 with a word when there is none."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == NEWEST:
        return import_everything()
    found = interpreter()
    if found is None:
        print(f"no Python {NEWEST} on this machine: nothing was imported with it")
        return 0
    with tempfile.TemporaryDirectory(prefix="watchfloor-newest-") as folder:
        python = str(Path(folder) / "bin" / "python")
        pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "-qq", *QUICKLY)
        for command in (
            (found, "-m", "venv", folder),
            (*pip, "-r", "requirements.lock"),
            (python, "-m", "tests.harness.newest_python"),
        ):
            done = subprocess.run(command, cwd=ROOT, check=False)
            if done.returncode:
                return done.returncode
    return 0


def interpreter() -> str | None:
    """The newest Python on PATH, or one that pyenv keeps beside it."""
    if on_path := shutil.which(f"python{NEWEST}"):
        probe = subprocess.run((on_path, "--version"), capture_output=True, check=False)
        if probe.returncode == 0:  # pyenv's shim is there even when its version is not chosen
            return on_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    kept = sorted(pyenv.glob(f"versions/{NEWEST}*/bin/python"))
    return str(kept[-1]) if kept else None


def import_everything() -> int:
    """Every module of the product, with Django set up."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    importlib.import_module("django").setup()
    names = [
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages([str(ROOT / package)], prefix=f"{package}.")
        if not module.name.endswith("__main__")
    ]
    for name in names:
        importlib.import_module(name)
    print(f"{len(names)} modules import under Python {NEWEST}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
