"""The operator that creates users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal.api import user_checks
from airflow_provider_onesignal.tasks.api import ApiTask

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class OneSignalCreateUserOperator(ApiTask):
    """
    Create a user, or update the one who has the aliases: running it again does nothing twice.

    For many users, map it: ``.partial(task_id=...).expand_kwargs(rows.output)``, each row a dict
    of ``identity``, ``properties`` and ``subscriptions``.
    https://documentation.onesignal.com/reference/create-user

    :param identity: at least one alias, such as ``{"external_id": "42"}``; up to 20 beside
        external_id
    :param properties: tags (flat), language, timezone_id, country, lat, long, first_active,
        last_active ...; those that are None are left out
    :param subscriptions: up to 20 dicts, each with ``type`` (such as "Email") and ``token``; one
        that another user has moves to this one
    :param allow_unknown: let subscription types pass that this package does not know, with a
        warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the user's aliases, ``onesignal_id`` among them
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalConflictError: aliases belong to another user; the text names them
    """

    template_fields: Sequence[str] = (
        *ApiTask.template_fields,
        "identity",
        "properties",
        "subscriptions",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "identity": "json",
        "properties": "json",
        "subscriptions": "json",
    }

    def __init__(
        self,
        *,
        identity: Mapping[str, str] | None = None,
        properties: Mapping[str, Any] | None = None,
        subscriptions: Sequence[Mapping[str, Any]] | None = None,
        allow_unknown: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.identity = identity
        self.properties = properties
        self.subscriptions = subscriptions
        self.allow_unknown = allow_unknown

    def execute(self, context: Context) -> dict[str, str]:
        """Create or update the user and give the aliases."""
        identity = user_checks.identity(self.identity)
        user = self.hook.create_user(
            identity=identity,
            properties=user_checks.properties(self.properties),
            subscriptions=user_checks.subscriptions(
                self.subscriptions, allow_unknown=self.allow_unknown
            ),
        )
        # Of a new user OneSignal may answer the onesignal_id alone.
        aliases = {**identity, **user["identity"]}
        self.log.info("OneSignal has the user as %s", aliases["onesignal_id"])
        return aliases
