"""What was done, provably: evidence lines, the tile log, checkpoints, witnesses, receipts.

Nouns: Evidence, Kept, Checkpoint, Note, VerifierKey, Receipt, Verdict, CallBatch, Witnessed, Answer.
"""

from .audit import verify_folder
from .calls import CallBatch, CallCount
from .checkpoint import Checkpoint, KeyKind, Note, Signature, VerifierKey, families, signed_by
from .evidence import Evidence, Kept, Search
from .journal import Journal
from .proof import Cosigned, Proven, cosignatures, proven
from .receipt import RECEIPT_CHARACTERS, Receipt, Verdict, verify_receipt
from .sequencer import add_checkpoint, ask_to_cosign, collect, log_key, log_keys, seal, sequence, witness_key
from .serving import Standing, calls_on, find_call, holds_entries, read_path, receipt_of, standing
from .store import (
    advance,
    append,
    call_counts_of,
    find,
    find_all,
    find_at,
    newest,
    newest_instant,
    newest_on,
    newest_place,
    place_of,
    position,
    read,
    read_about,
    search,
)
from .tiles import Log, Tiles
from .witness import Answer, Asked, Witnessed

__all__ = [
    "RECEIPT_CHARACTERS",
    "Answer",
    "Asked",
    "CallBatch",
    "CallCount",
    "Checkpoint",
    "Cosigned",
    "Evidence",
    "Journal",
    "Kept",
    "KeyKind",
    "Log",
    "Note",
    "Proven",
    "Receipt",
    "Search",
    "Signature",
    "Standing",
    "Tiles",
    "Verdict",
    "VerifierKey",
    "Witnessed",
    "add_checkpoint",
    "advance",
    "append",
    "ask_to_cosign",
    "call_counts_of",
    "calls_on",
    "collect",
    "cosignatures",
    "families",
    "find",
    "find_all",
    "find_at",
    "find_call",
    "holds_entries",
    "log_key",
    "log_keys",
    "newest",
    "newest_instant",
    "newest_on",
    "newest_place",
    "place_of",
    "position",
    "proven",
    "read",
    "read_about",
    "read_path",
    "receipt_of",
    "seal",
    "search",
    "sequence",
    "signed_by",
    "standing",
    "verify_folder",
    "verify_receipt",
    "witness_key",
]
