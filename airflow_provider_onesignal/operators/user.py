"""Operators that create and delete users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.checks import users
from airflow_provider_onesignal.exceptions import OneSignalNotFoundError
from airflow_provider_onesignal.operators.base import OneSignalOperator

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import Context, XComArg


class OneSignalCreateUserOperator(OneSignalOperator):
    """
    Create a user, or update the one who has the aliases; running it again changes nothing.

    For a few users, map it: ``.partial(task_id=...).expand_kwargs(rows.output)``, each row a dict
    of ``identity``, ``properties`` and ``subscriptions``. For thousands, see
    ``ObjectStorageToOneSignalUsersOperator``.
    https://documentation.onesignal.com/reference/create-user

    :param identity: at least one alias, such as ``{"external_id": "42"}``; up to 20 beside
        external_id
    :param properties: tags (flat), language, timezone_id, country, lat, long, first_active,
        last_active ...; None values are left out, numbers and booleans in tags are sent as strings
    :param subscriptions: up to 20 dicts, each with ``type`` (such as "Email") and ``token``; one
        that belongs to another user moves to this one
    :param allow_unknown: let subscription types pass that this package does not know, with a
        warning
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the user's aliases, ``onesignal_id`` among them
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalConflictError: aliases belong to another user
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "identity",
        "properties",
        "subscriptions",
        "allow_unknown",
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
        allow_unknown: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.identity = identity
        self.properties = properties
        self.subscriptions = subscriptions
        self.allow_unknown = checks.flag_literal(allow_unknown, name="allow_unknown")

    def execute(self, context: Context) -> dict[str, str]:
        """Create or update the user and return the aliases."""
        user = self._hook.create_user(
            identity=users.identity(self.identity),
            properties=users.properties(self.properties),
            subscriptions=users.subscriptions(
                self.subscriptions, allow_unknown=self._flag("allow_unknown")
            ),
        )
        aliases: dict[str, str] = user["identity"]
        self.log.info("OneSignal has the user as %s", aliases["onesignal_id"])
        return aliases


class OneSignalDeleteUserOperator(OneSignalOperator):
    """
    Delete a user and their subscriptions.

    For several users, map it: ``.partial(task_id=...).expand(alias_id=ids.output)``.
    https://documentation.onesignal.com/reference/delete-user

    :param alias_label: which alias names the user, such as "external_id" or "onesignal_id"
    :param alias_id: the alias' value
    :param ignore_missing: succeed if there is no such user
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :raises OneSignalValidationError: the alias breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalNotFoundError: with ``ignore_missing=False``, there is no such user
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "alias_label",
        "alias_id",
        "ignore_missing",
    )

    def __init__(
        self,
        *,
        alias_label: str = "external_id",
        alias_id: str | XComArg,
        ignore_missing: bool | str = True,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.alias_label = alias_label
        self.alias_id = alias_id
        self.ignore_missing = checks.flag_literal(ignore_missing, name="ignore_missing")

    def execute(self, context: Context) -> None:
        """Delete the user."""
        label, value = users.alias(self.alias_label, self.alias_id)
        try:
            self._hook.delete_user(label, value)
        except OneSignalNotFoundError:
            if not self._flag("ignore_missing"):
                raise
            self.log.info("The user does not exist: nothing to delete")
        else:
            self.log.info("Deleted the user")
