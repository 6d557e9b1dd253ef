"""Operators for OneSignal's API."""
