"""The policy of talking to OneSignal: plain values in, plain values out, no I/O and no Airflow."""
