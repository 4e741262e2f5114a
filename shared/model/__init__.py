"""Frozen types that everything else speaks in; no I/O, no Azure."""
