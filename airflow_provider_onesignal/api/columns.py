"""The columns of OneSignal's export files, in its order."""

from __future__ import annotations

SUBSCRIPTIONS = (
    "id",
    "identifier",
    "session_count",
    "language",
    "timezone",
    "game_version",
    "device_os",
    "device_type",
    "device_model",
    "ad_id",
    "tags",
    "last_active",
    "playtime",
    "amount_spent",
    "created_at",
    "invalid_identifier",
)
"""Of https://documentation.onesignal.com/reference/csv-export; the extra fields follow."""

EVENTS = (
    "external_user_id",
    "subscription_id",
    "device_type",
    "sent",
    "delivered",
    "clicked",
    "onesignal_id",
    "failed",
    "unsubscribed",
    "failure_message",
)
"""Of https://documentation.onesignal.com/reference/export-csv-of-events."""

HISTORY = ("player_id", "onesignal_id", "external_id", "target_channel", "timestamp")
"""Of https://documentation.onesignal.com/reference/message-history."""
