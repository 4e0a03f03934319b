"""Bring every new version of a view into the consumer's own table, folder or receiver: once, by what changed.

Nouns: Outflow, Run, Target; of a comparison: Found.
"""

from .acts import (
    ask_outflow,
    compare_outflow,
    declare_outflow,
    end_outflow,
    end_outflows,
    pause_outflow,
    renew_outflow,
    start_outflow,
    try_outflow,
)
from .loading import Found
from .outflow import Outcome, Outflow, Run, State, difference, secret_of
from .right import agreement_shown
from .running import comparing, looking, run_outflow, run_outflows
from .store import find_outflow, outflows_of, progress_of, runs_of
from .target import FileForm, Target, TargetKind
from .targets.seam import misfit

__all__ = [
    "FileForm",
    "Found",
    "Outcome",
    "Outflow",
    "Run",
    "State",
    "Target",
    "TargetKind",
    "agreement_shown",
    "ask_outflow",
    "compare_outflow",
    "comparing",
    "declare_outflow",
    "difference",
    "end_outflow",
    "end_outflows",
    "find_outflow",
    "looking",
    "misfit",
    "outflows_of",
    "pause_outflow",
    "progress_of",
    "renew_outflow",
    "run_outflow",
    "run_outflows",
    "runs_of",
    "secret_of",
    "start_outflow",
    "try_outflow",
]
