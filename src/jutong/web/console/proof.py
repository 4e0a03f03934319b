"""The verification of a receipt, taken apart into the steps that the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text
from jutong.ledger import RECEIPT_CHARACTERS, Verdict, VerifierKey, verify_receipt

from .form import Form, Misfilled

State = Literal["open", "holds", "fails", "skipped"]
KEYS_AT_MOST = 256
WITNESSES_AT_MOST = 64


@dataclass(frozen=True, slots=True)
class Check:
    """One step: what is checked, and what it means that it does not hold."""

    code: str
    title: Text
    fault: Text


CHECKS = (
    Check(
        "form",
        text("The text is a receipt, and its readable head says what its parts say"),
        text("This text is not a receipt, or its readable part was changed."),
    ),
    Check(
        "batch",
        text("The line of evidence commits to a batch of calls of this size"),
        text("The line of evidence does not commit to a batch of calls of this size."),
    ),
    Check(
        "call",
        text("The call's record leads to the root of its batch"),
        text("The call's record is not in the batch that the line commits to."),
    ),
    Check(
        "inclusion",
        text("The line of evidence leads to the root of the log"),
        text("The line of evidence is not in the log of this checkpoint."),
    ),
    Check(
        "signature",
        text("The log signed the checkpoint with that root, under a key that was given"),
        text("The checkpoint is not signed by the log under the keys that were given, or a signature is false."),
    ),
    Check(
        "witnesses",
        text("Enough of the witnesses whose keys were given cosigned the checkpoint"),
        text("Fewer of the known witnesses cosigned than are wanted."),
    ),
)
OF_CALLS = frozenset({"batch", "call"})
SAID: Mapping[str, Text] = {
    "act": text("Act"),
    "on": text("On"),
    "at": text("When"),
    "org": text("Body"),
    "call": text("Call"),
    "origin": text("Log"),
    "size": text("Leaves of the log"),
    "index": text("Leaf"),
    "signed_by": text("Signed by"),
    "witnesses": text("Cosigned by"),
}


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of a verification: each step's state, and the verdict; none before anything was verified."""

    verdict: Verdict | None = None
    states: Mapping[str, State] = field(default_factory=lambda: {check.code: "open" for check in CHECKS})

    @property
    def facts(self) -> tuple[tuple[Text, str], ...]:
        """What a receipt that holds says."""
        told = self.verdict.facts if self.verdict else {}
        return tuple((SAID[name], str(value)) for name, value in told.items())

    @property
    def failed(self) -> Check | None:
        """The first step that does not hold."""
        return next((check for check in CHECKS if self.states[check.code] == "fails"), None)


def checks_of(spelled: str, keys: Sequence[VerifierKey], *, witnesses: int) -> Verification:
    """Verify a receipt and return how each step went; what follows the first that fails stays open."""
    verdict = verify_receipt(spelled, keys, witnesses=witnesses)
    of_call = "\n\nrecord " in spelled
    states: dict[str, State] = {}
    state: State = "holds"
    for check in CHECKS:
        if check.code == verdict.check:
            states[check.code], state = "fails", "open"
        else:
            states[check.code] = "skipped" if state == "holds" and check.code in OF_CALLS and not of_call else state
    return Verification(verdict, states)


def receipt_text(form: Form) -> str:
    """Return the receipt that was chosen as a file or pasted; a browser's line ends are taken back."""
    upload = form.files.get("file")
    data = upload.file.read(RECEIPT_CHARACTERS * 4 + 1) if upload and upload.filename else b""
    if not data:
        pasted = form.get("receipt")
        if not pasted.strip():
            raise Misfilled({"receipt": text("this must be filled in")})
        return settled(pasted)
    try:
        return settled(data.decode())
    except UnicodeDecodeError:
        return ""


def settled(pasted: str) -> str:
    r"""Return a text with plain line ends and one at its end.

    >>> settled("a\r\nb")
    'a\nb\n'
    """
    return pasted.replace("\r\n", "\n").rstrip("\n ") + "\n"


def read_keys(form: Form) -> tuple[list[VerifierKey], int]:
    """Return the keys, one a line, and how many witnesses are wanted; every fault under its field."""
    faults: dict[str, Text] = {}
    keys: list[VerifierKey] = []
    lines = [line.strip() for line in form.get("keys").splitlines() if line.strip()]
    if not lines:
        faults["keys"] = text("this must be filled in")
    try:
        keys = [VerifierKey.read(line) for line in lines[:KEYS_AT_MOST]]
    except Invalid as refusal:
        faults["keys"] = refusal.reason
    wanted = form.get("witnesses").strip() or "0"
    if not wanted.isdecimal() or not wanted.isascii() or len(wanted) > 2 or int(wanted) > WITNESSES_AT_MOST:
        faults["witnesses"] = text("a whole number is needed here, within the bounds that are given")
    if faults:
        raise Misfilled(faults)
    return keys, int(wanted)
