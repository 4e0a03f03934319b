"""Words of requests' and agreements' values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from jutong.kernel.text import Text, text
from jutong.sharing import Manner, Outcome, Stage, Standing, Task
from jutong.sharing.buying import PriceClass
from jutong.sharing.dispute import Ruling, Rung, State

SHARING: Mapping[type[Enum], Mapping[Any, Text]] = {
    Stage: {
        Stage.DRAFT: text("request in draft"),
        Stage.CONSUMER_OFFICE_SIGNED: text("signed by the asking office"),
        Stage.PRECHECK: text("before the authority's check"),
        Stage.PRECHECK_RETURNED: text("sent back by the authority"),
        Stage.SUBMITTED: text("submitted, waits for an answer"),
        Stage.SUPPLEMENT_REQUIRED: text("waits for the asker's supplement"),
        Stage.EXTENSION_ASKED: text("extension asked for"),
        Stage.EXTENDED: text("term extended"),
        Stage.AGREED: text("agreed"),
        Stage.REFUSED: text("refused"),
        Stage.WITHDRAWN: text("request withdrawn"),
    },
    Standing: {
        Standing.IN_FORCE: text("in force"),
        Standing.SUSPENDED: text("suspended"),
        Standing.ENDED: text("ended"),
        Standing.TERMINATED: text("terminated"),
    },
    Task: {
        Task.RECTIFY: text("to put right what was wrong"),
        Task.JUDGE_RECTIFICATION: text("to judge what was put right"),
        Task.ANSWER_CHANGE: text("to answer the proposed change"),
        Task.DISPOSE: text("to certify what became of the copies"),
    },
    Rung: {
        Rung.NEGOTIATION: text("negotiation between the two bodies"),
        Rung.MEDIATION: text("mediation by the sharing authority"),
        Rung.DECISION: text("decision by the government"),
    },
    State: {
        State.OPEN: text("dispute open"),
        State.SETTLED: text("settled by both bodies"),
        State.DECIDED: text("decided by the government"),
        State.WITHDRAWN: text("dispute taken back"),
    },
    Ruling: {
        Ruling.SHARE: text("the data is shared; the request is answered anew"),
        Ruling.RESUME: text("the agreement is in force again"),
        Ruling.END: text("the agreement ends"),
        Ruling.STAND: text("it stays as it is"),
    },
    Outcome: {
        Outcome.OPEN: text("waits for its answer"),
        Outcome.AGREED: text("agreed to"),
        Outcome.DECLINED: text("declined"),
        Outcome.TAKEN_BACK: text("taken back"),
    },
    PriceClass: {
        PriceClass.UNDER_100K: text("under 100,000 yuan"),
        PriceClass.TO_1M: text("100,000 to 1,000,000 yuan"),
        PriceClass.OVER_1M: text("over 1,000,000 yuan"),
    },
    Manner: {
        Manner.NOTHING_KEPT: text("no copy was ever kept"),
        Manner.ERASED: text("copies erased"),
        Manner.OVERWRITTEN: text("copies overwritten"),
        Manner.MEDIUM_DESTROYED: text("media destroyed"),
        Manner.RETURNED: text("copies returned"),
        Manner.KEPT_BY_LAW: text("copies kept because a law says so"),
    },
}
