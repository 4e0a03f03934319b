"""Plans: from where an entry's rows come by themselves, how often, and what came of every run.

Nouns: Plan, Run, Schedule, Difference, Wanted.
"""

from ..sources.opening import Glance
from .acts import Wanted, keep, pause, restart, resume, settle_drift, try_source
from .drift import Change, Difference, differences
from .plan import OVER_ALL, Outcome, Plan, Run, State, secret_of, sees
from .running import door_of, end_plan, provider_for, run_due, run_plan
from .schedule import Schedule
from .store import find_plan, find_run, open_runs, plans_listed, runs_of, visible_plan

__all__ = [
    "OVER_ALL",
    "Change",
    "Difference",
    "Glance",
    "Outcome",
    "Plan",
    "Run",
    "Schedule",
    "State",
    "Wanted",
    "differences",
    "door_of",
    "end_plan",
    "find_plan",
    "find_run",
    "keep",
    "open_runs",
    "pause",
    "plans_listed",
    "provider_for",
    "restart",
    "resume",
    "run_due",
    "run_plan",
    "runs_of",
    "secret_of",
    "sees",
    "settle_drift",
    "try_source",
    "visible_plan",
]
