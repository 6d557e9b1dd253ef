"""Triggers that wait for OneSignal without holding a worker slot."""
