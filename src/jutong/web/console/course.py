"""The course of a request as stations: what is done, what runs, what is late, and by which article."""

from __future__ import annotations

from datetime import date

from jutong.kernel.text import Text, text
from jutong.sharing import Agreement, Request, Stage

# Words, state (done, now, next, late, skipped), day, article.
Station = tuple[Text, str, date | None, Text | str]


def course_of(request: Request, agreement: Agreement | None, today: date) -> list[Station]:
    """Return the stations of a request with their state, day and article."""
    answered = request.stage in {Stage.AGREED, Stage.REFUSED, Stage.WITHDRAWN}
    asked, answer = text("Order 809, art. 20"), text("Order 809, art. 21")
    late = request.late or request.overdue(today)
    stations: list[Station] = [(text("Drafted"), "done", request.drafted, asked)]
    signed = request.stage is not Stage.DRAFT and (request.received or not answered)
    stations.append(
        (text("Signed by the asking office"), "done" if signed else _or_skipped(answered=answered), None, asked)
    )
    if (check := request.precheck) is not None:
        late_check = check.late or check.overdue(today)
        state = "late" if late_check else "done" if check.passed else _or_skipped(answered=answered, now=True)
        stations.append((text("Checked by the authority"), state, check.passed or check.clock.due, check.clock.basis))
    received = "done" if request.received else _or_skipped(answered=answered)
    stations.append((text("Received by the provider"), received, request.received, answer))
    if request.supplement_required:
        state = "done" if request.supplemented else _or_skipped(answered=answered, now=True)
        stations.append((text("Supplement"), state, request.supplemented or request.supplement_required, answer))
    if request.extension:
        state = "done" if request.extension.agreed else _or_skipped(answered=answered, now=True)
        stations.append((text("Extension"), state, request.extension.agreed or request.extension.asked, answer))
    words = {
        Stage.AGREED: text("Agreed to"),
        Stage.REFUSED: text("Refused"),
        Stage.WITHDRAWN: text("Taken back"),
    }.get(request.stage, text("Answer"))
    state = "late" if late else "done" if answered else "now" if request.due else "next"
    stations.append((words, state, request.answered or request.due, answer))
    if request.stage not in {Stage.REFUSED, Stage.WITHDRAWN}:
        stations.append(_delivery_of(agreement, today))
    return stations


def _delivery_of(agreement: Agreement | None, today: date) -> Station:
    words, law = text("Delivered"), text("Order 809, art. 22")
    if agreement is None:
        return words, "next", None, law
    late = agreement.late or agreement.overdue(today)
    state = "late" if late else "done" if agreement.delivered else "now" if agreement.due else "skipped"
    return words, state, agreement.delivered or agreement.due, law


def _or_skipped(*, answered: bool, now: bool = False) -> str:
    return "skipped" if answered else "now" if now else "next"
