"""Incremental saving of the emulator's DynamoDB tables: each item and each stream record is a row of the store.

The emulator itself writes a table as one document and does not save streams, so records that no Lambda has read yet
would be lost with the process.
"""

import copy
import json
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb, lambda_svc

from local.guard.store import Store

PUT = "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)"
REMOVE = "DELETE FROM items WHERE tbl = ? AND pk = ? AND sk = ?"
RECORD = "INSERT OR REPLACE INTO records VALUES (?, ?, ?)"
END = "INSERT OR REPLACE INTO ends VALUES (?, ?)"
POSITION = "INSERT OR REPLACE INTO positions VALUES (?, ?)"
READ = "DELETE FROM records WHERE tbl = ? AND position < ?"
FORGET = tuple(f"DELETE FROM {name} WHERE tbl = ?" for name in ("items", "records", "ends"))
# Parts of the emulator's DynamoDB state other than the tables.
OTHER_PARTS = (
    *("tags", "ttl_settings", "pitr_settings", "kinesis_destinations", "contributor_insights"),
    *("backups", "resource_policies", "exports", "imports"),
)

Table = dict[str, Any]


class Tables:
    """Saves the emulator's tables to the store. Create it before the emulator loads its state."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._positions: dict[str, int] = {}  # in the store, or pending
        self._follow_items()
        self._follow_streams()
        self._restore()

    def note_positions(self) -> None:
        """Save the stream positions of the Lambdas, and remove records that all of them have read."""
        found = {key[-1]: int(position) for key, position in list(lambda_svc._dynamodb_stream_positions._data.items())}
        moved = {name: position for name, position in found.items() if self._positions.get(name) != position}
        if not moved:
            return
        for name, position in moved.items():
            self._store.change(POSITION, name, position)
        self._positions |= moved
        readers = [(esm.get("EventSourceArn"), key[-1]) for key, esm in list(lambda_svc._esms._data.items())]
        for _, table in list(dynamodb._tables.all_items()):
            read = [found.get(name, 0) for arn, name in readers if arn == table.get("LatestStreamArn")]
            if read:
                self._store.change(READ, identity(table), min(read))

    def forget_deleted(self) -> None:
        """Remove the rows of deleted tables."""
        known = {identity(table) for _, table in dynamodb._tables.all_items()}
        stored = {name for (name,) in self._store.rows("SELECT tbl FROM ends UNION SELECT DISTINCT tbl FROM items")}
        for name in stored - known:
            for statement in FORGET:
                self._store.change(statement, name)

    def _follow_items(self) -> None:
        set_item, remove_item, replaced = dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced

        def put(table: Table, pk: str, sk: str, item: dict[str, Any]) -> Any:
            before = set_item(table, pk, sk, item)
            self._store.change(PUT, identity(table), pk, sk, json.dumps(item))
            return before

        def remove(table: Table, pk: str, sk: str) -> Any:
            before = remove_item(table, pk, sk)
            self._store.change(REMOVE, identity(table), pk, sk)
            return before

        def replace(table: Table) -> None:
            replaced(table)
            self._note_all(table)

        dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced = put, remove, replace

    def _note_all(self, table: Table) -> None:
        """Replace the rows of a table with its current items."""
        self._store.change(FORGET[0], identity(table))
        for pk, bucket in table["items"].items():
            for sk, item in bucket.items():
                self._store.change(PUT, identity(table), pk, sk, json.dumps(item))

    def _follow_streams(self) -> None:
        emit = dynamodb._emit_stream_event

        def emit_and_note(name: str, *more: Any, **named: Any) -> None:
            position = dynamodb.stream_end_position(name)
            emit(name, *more, **named)
            if dynamodb.stream_end_position(name) > position:
                table = identity(dynamodb._tables[name])
                self._store.change(RECORD, table, position, json.dumps(dynamodb._stream_records[name][-1]))
                self._store.change(END, table, position + 1)

        dynamodb._emit_stream_event = emit_and_note

    def _restore(self) -> None:
        load_tables, load_functions = dynamodb.load_persisted_state, lambda_svc.load_persisted_state

        def state() -> dict[str, Any]:
            tables = AccountRegionScopedDict()
            for (account, region, name), table in dynamodb._tables.all_items():
                kept = {key: value for key, value in table.items() if key not in ("items", dynamodb._INDEX_MEMBERS)}
                tables.set_scoped(account, region, name, copy.deepcopy(kept))
            return {"tables": tables} | {name: copy.deepcopy(getattr(dynamodb, f"_{name}")) for name in OTHER_PARTS}

        def load(data: dict[str, Any]) -> None:
            scoped = list(data["tables"].all_items())
            for _, table in scoped:
                self._restore_items(table)
            load_tables(data)
            for (account, region, name), table in scoped:
                self._restore_stream(account, region, name, identity(table))

        def load_lambdas(data: dict[str, Any]) -> None:
            """Restore the stream position of every Lambda; the beginning if it is unknown."""
            stored = {mapping: int(at) for mapping, at in self._store.rows("SELECT mapping, position FROM positions")}
            known, positions = data.get("dynamodb_stream_positions"), AccountRegionScopedDict()
            known_keys = set(known._data) if isinstance(known, AccountRegionScopedDict) else set()
            for key in known_keys | set(getattr(data.get("esms"), "_data", {})):
                if key[-1] in stored or key in known_keys:
                    positions._data[key] = stored.get(key[-1], 0)
            self._positions = stored
            load_functions(data | {"dynamodb_stream_positions": positions})

        dynamodb.get_state, dynamodb.load_persisted_state = state, load
        lambda_svc.load_persisted_state = load_lambdas

    def _restore_items(self, table: Table) -> None:
        """Fill a loaded table with its items; items in the state of an earlier version are moved to the store first."""
        if "items" in table:
            self._note_all(table)
            self._store.write(self._store.take())
            return
        items: dict[str, dict[str, Any]] = {}
        for pk, sk, item in self._store.rows("SELECT pk, sk, item FROM items WHERE tbl = ?", identity(table)):
            items.setdefault(pk, {})[sk] = json.loads(item)
        table["items"] = items
        dynamodb._update_counts(table)

    def _restore_stream(self, account: str, region: str, name: str, table: str) -> None:
        rows = self._store.rows("SELECT position, record FROM records WHERE tbl = ? ORDER BY position", table)
        ends = self._store.rows("SELECT position FROM ends WHERE tbl = ?", table)
        first = rows[0][0] if rows else ends[0][0] if ends else 0
        dynamodb._stream_trimmed.set_scoped(account, region, name, int(first))
        dynamodb._stream_records.set_scoped(account, region, name, [json.loads(record) for _, record in rows])


def identity(table: Table) -> str:
    """Return an id that distinguishes a table from an earlier one of the same name."""
    return str(table.get("TableId") or table["TableArn"])
