"""Connections to OneSignal."""
