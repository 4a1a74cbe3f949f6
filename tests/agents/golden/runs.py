"""The golden runs as tests read them: what each was launched with, its stored steps, and how it ended."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.contracts.specs import AgentSpec
from agents.contracts.steps import Step
from agents.contracts.upcast import read_step
from agents.engine.state import RunInput
from tests.agents.engine.doubles import START
from tests.agents.golden.record import CHEAP

FOLDER = Path(__file__).parent
PATHS = sorted(FOLDER.glob("v*/*.json"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in PATHS]


@dataclass(frozen=True)
class Golden:
    """One recorded run."""

    name: str
    stored: dict[str, Any]

    @property
    def steps(self) -> list[Step]:
        """Its steps, whichever release recorded them."""
        return [
            read_step(
                number=step["number"],
                turn=step["turn"],
                schema_version=step["schema_version"],
                output=step["output"],
            )
            for step in self.stored["steps"]
        ]

    @property
    def given(self) -> RunInput:
        """What it was launched with."""
        spec = AgentSpec.model_validate(self.stored["spec"])
        return RunInput(
            run_id="golden",
            tenant="acme",
            spec=spec,
            llms=spec.llms,
            limits=spec.limits,
            task=self.stored["task"],
            at_cap="stop",
            cheaper_llm=CHEAP,
            started_at=START,
        )

    @property
    def blobs(self) -> dict[str, str]:
        """Its large outputs by handle."""
        return {hashlib.sha256(text.encode()).hexdigest(): text for text in self.stored["blobs"]}


def golden(name: str) -> Golden:
    """The golden run of that name, such as ``v1/everyday``."""
    return Golden(name, json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
