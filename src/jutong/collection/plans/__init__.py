"""Plans: from where an entry's rows come by themselves, how often, and what came of every run.

Nouns: Plan, Run, Schedule, Difference, Wanted.
"""

from .acts import Wanted, keep, pause, resume, settle_drift, try_source
from .drift import Change, Difference, differences
from .plan import Outcome, Plan, Run, State
from .running import door_of, run_due, run_plan
from .schedule import Schedule
from .store import find_plan, find_run, open_runs, plans_listed, runs_of

__all__ = [
    "Change",
    "Difference",
    "Outcome",
    "Plan",
    "Run",
    "Schedule",
    "State",
    "Wanted",
    "differences",
    "door_of",
    "find_plan",
    "find_run",
    "keep",
    "open_runs",
    "pause",
    "plans_listed",
    "resume",
    "run_due",
    "run_plan",
    "runs_of",
    "settle_drift",
    "try_source",
]
