"""Whose turn it is: who must act on a request now, and by which duty; which acts an agreement leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from jutong.catalogue.terms_of_use import ShareType
from jutong.terms.duty import Duty

from .agreement import Agreement
from .request import Request, Stage
from .standing import Standing

AUTHORITY = ""  # the turn is the tier's authority's, whichever body that is


class Side(StrEnum):
    """On which side of a request or an agreement a body stands."""

    ASKED = "asked"  # it wants, or has, the data of another
    ANSWERING = "answering"  # the data is its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The body that must act, the duty by which it does, and the act by its name in the guard's table."""

    body: str
    duty: Duty
    act: str


def turn_of(request: Request) -> Turn | None:
    """Return whose turn it is; nobody's when the request has been answered or taken back."""
    match request.stage:
        case Stage.DRAFT:
            return Turn(body=request.consumer, duty=Duty.OFFICE_HEAD, act="sharing.sign_request")
        case Stage.CONSUMER_OFFICE_SIGNED:
            return Turn(body=request.consumer, duty=Duty.REQUESTS, act="sharing.submit_request")
        case Stage.PRECHECK:
            return Turn(body=AUTHORITY, duty=Duty.OVERSIGHT, act="sharing.pass_precheck")
        case Stage.SUPPLEMENT_REQUIRED | Stage.PRECHECK_RETURNED:
            return Turn(body=request.consumer, duty=Duty.REQUESTS, act="sharing.supplement")
        case Stage.EXTENSION_ASKED:
            return Turn(body=AUTHORITY, duty=Duty.OVERSIGHT, act="sharing.extend")
        case Stage.SUBMITTED | Stage.EXTENDED:
            return Turn(body=request.provider, duty=Duty.OFFICE_HEAD, act="sharing.approve")
        case _:
            return None


def moves_of(request: Request) -> frozenset[str]:
    """Return the acts that the request's stage and kind leave open to whoever may do them.

    What is shared without condition is neither refused nor put off; papers are asked for once, time once.
    """
    open_now = {
        Stage.DRAFT: {"redraft_request", "sign_request", "withdraw"},
        Stage.CONSUMER_OFFICE_SIGNED: {"submit_request", "withdraw"},
        Stage.PRECHECK: {"pass_precheck", "return_precheck", "withdraw"},
        Stage.PRECHECK_RETURNED: {"supplement", "withdraw"},
        Stage.SUBMITTED: {"approve", "refuse", "require_supplement", "ask_extension", "withdraw", "urge"},
        Stage.SUPPLEMENT_REQUIRED: {"supplement", "withdraw"},
        Stage.EXTENSION_ASKED: {"approve", "refuse", "require_supplement", "extend", "withdraw", "urge"},
        Stage.EXTENDED: {"approve", "refuse", "require_supplement", "withdraw", "urge"},
    }.get(request.stage, set())
    closed = {"refuse", "ask_extension"} if request.share_type is ShareType.UNCONDITIONAL else set()
    closed |= {"refuse"} if request.bound else set()
    closed |= {"require_supplement"} if request.supplement_required else set()
    closed |= {"return_precheck"} if request.precheck and request.precheck.returned else set()
    closed |= {"ask_extension"} if request.extension else set()
    return frozenset(open_now - closed)


def moves_of_agreement(agreement: Agreement, body: str, today: date) -> frozenset[str]:
    """Return the acts that an agreement leaves open to somebody of ``body``, if the guard allows them as well.

    A provider has one key: it proposes, and neither agrees to its own proposal nor ends a running service.
    """
    if agreement.over:
        owing = agreement.disposal is not None and agreement.disposed is None
        return frozenset({"certify_disposal"} if owing else ())
    proposed = agreement.change is not None and agreement.change.open
    found = {"conclude", *(("agree_change", "decline_change", "take_back_change") if proposed else ("propose_change",))}
    wrong = agreement.rectification
    if agreement.stage is Standing.IN_FORCE:
        found |= {"suspend"} if proposed else {"suspend", "draft_amendment"}
    elif wrong is None:
        found.add("resume")
    else:
        found |= {"resume"} | ({"rectify"} if wrong.waits_for_consumer else set())
        found |= {"terminate"} if wrong.failed(today) else set()
        found |= {"judge_rectification"} if wrong.reported is not None and wrong.fell_short is None else set()
        if body == agreement.provider != wrong.demanded_by:
            found -= {"resume", "judge_rectification"}
    return frozenset(found - ({"agree_change", "decline_change"} if body == agreement.provider else set()))
