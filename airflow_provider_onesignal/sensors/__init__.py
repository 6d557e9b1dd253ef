"""Sensors that wait for OneSignal."""
