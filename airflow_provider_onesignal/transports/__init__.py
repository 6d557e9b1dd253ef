"""Thin transports: they send what the policy says, once in threads, once in an event loop."""
