"""Thin triggers: parse, call a pure function, schedule, answer."""
