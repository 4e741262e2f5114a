"""Plans: pure functions of estate and request; `catalog` finds them by name."""
