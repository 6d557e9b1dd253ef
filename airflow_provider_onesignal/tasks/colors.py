"""OneSignal's colours, for the graph of a DAG."""

from __future__ import annotations

UI_COLOR = "#e54b4d"
UI_FGCOLOR = "#ffffff"
