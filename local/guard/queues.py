"""Incremental saving of the emulator's SQS queues: each message is a row of the store.

The emulator itself writes all queues as one document, so with a thousand messages each new one would cost as much as
all of them.
"""

import copy
import json
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import sqs

from local.guard.store import Store

PUT = """
INSERT INTO messages VALUES (?, ?, ?) ON CONFLICT (queue, id) DO UPDATE SET message = excluded.message
"""  # an update keeps the row's position in the queue
REMOVE = "DELETE FROM messages WHERE queue = ? AND id = ?"
MESSAGES = "messages"  # in the emulator's record of a queue

Message = dict[str, Any]
Place = tuple[str, str]
"""URL of a queue, and a message's id."""


class Queues:
    """Saves the emulator's messages to the store. Create it before the emulator loads its state."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stored: dict[Place, object] = {}  # `mark` of each message in the store
        load = sqs.load_persisted_state

        def state() -> dict[str, Any]:
            queues = AccountRegionScopedDict()
            for scope, queue in sqs._queues.all_items():
                queues._data[scope] = copy.deepcopy({k: v for k, v in queue.items() if k != MESSAGES})
            return {"queues": queues, "queue_name_to_url": copy.deepcopy(sqs._queue_name_to_url)}

        def restore(data: dict[str, Any]) -> None:
            for scope, queue in data["queues"].all_items():
                queue.setdefault(MESSAGES, self._restored(scope[-1]))
            load(data)

        sqs.get_state, sqs.load_persisted_state = state, restore

    def note(self) -> None:
        """Add the changes since the last call to the store."""
        found: dict[Place, object] = {}
        for scope, queue in sqs._queues.all_items():
            for message in list(queue[MESSAGES]):
                place = scope[-1], message["id"]
                found[place] = mark(message)
                if self._stored.get(place) != found[place]:
                    self._store.change(PUT, *place, json.dumps(message))
        for place in self._stored.keys() - found.keys():
            self._store.change(REMOVE, *place)
        self._stored = found

    def _restored(self, queue: str) -> list[Message]:
        rows = self._store.rows("SELECT message FROM messages WHERE queue = ? ORDER BY rowid", queue)
        messages = [json.loads(message) for (message,) in rows]
        self._stored |= {(queue, message["id"]): mark(message) for message in messages}
        return messages


def mark(message: Message) -> object:
    """Return the parts of a message that may change."""
    return message.get("visible_at"), message.get("receive_count"), message.get("receipt_handle")
