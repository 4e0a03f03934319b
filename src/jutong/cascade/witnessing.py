"""Having the neighbours cosign this node's log: what two tiers have signed, one of them cannot take back."""

from __future__ import annotations

from jutong import ledger
from jutong.desk import House
from jutong.kernel.errors import Unavailable
from jutong.kernel.text import text

from .peer import Peer


class Witnessing:
    """Remembers how much of the log each witness has seen, so that each is asked only for what is new."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._seen: dict[str, int] = {}

    def ask(self, peer: Peer) -> bool:
        """Ask one neighbour to cosign the newest checkpoint; return whether there was something to ask."""
        name = peer.node.name
        size = self._house.log.refresh()
        if size == 0 or self._seen.get(name) == size:
            return False
        asked = ledger.ask_to_cosign(self._house.home.ledger, old=min(self._seen.get(name, 0), size))
        status, answer = peer.cosign(asked.body())
        if status == 409:  # it has seen another size than we thought; it says which, so ask once more from there
            self._seen[name] = int(answer)
            asked = ledger.ask_to_cosign(self._house.home.ledger, old=self._seen[name])
            status, answer = peer.cosign(asked.body())
        if status != 200:
            raise Unavailable(
                text("{node} did not cosign (status {status})", node=name, status=status),
                remedy=text("compare both nodes' logs; a witness refuses a log that shrank or was rewritten"),
            )
        witness = ledger.witness_key(name, peer.node.key)
        note = ledger.collect(self._house.home.ledger, asked.note, [answer.decode("utf-8")], [witness])
        self._seen[name] = ledger.Checkpoint.of_body(note.body).size
        return True
