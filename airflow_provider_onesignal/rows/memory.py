"""Where a run keeps how far it has come."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import ObjectStoragePath

log = logging.getLogger(__name__)

KEY = "onesignal_rows"


class Memory(Protocol):
    """Something that outlives a try."""

    def load(self) -> Any:
        """Return what was kept, None if nothing was."""

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep this in place of what was kept before."""

    def clear(self) -> None:
        """Forget it."""


class TaskState:
    """
    Airflow's own, of Airflow >= 3.3.

    :param store: ``context["task_state_store"]``
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def load(self) -> Any:
        """Return what was kept, None if nothing was."""
        return self._store.get(KEY)

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep this in place of what was kept before."""
        self._store.set(KEY, dict(state))

    def clear(self) -> None:
        """Forget it."""
        self._store.delete(KEY)


class StateObject:
    """
    An object, for Airflow versions without a task state.

    :param path: of the object
    """

    def __init__(self, path: ObjectStoragePath) -> None:
        self._path = path

    def load(self) -> Any:
        """Return what was kept, None if nothing was."""
        try:
            return json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            log.warning("%s is no JSON: the run starts over.", self._path.name)
            return None

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep this in place of what was kept before."""
        from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore

        file = io.BytesIO(json.dumps(state).encode())
        store = ObjectStorageStore(self._path, replace=True)
        store.put(file, content_type="application/json", size=None, metadata={})

    def clear(self) -> None:
        """Forget it."""
        self._path.unlink(missing_ok=True)
