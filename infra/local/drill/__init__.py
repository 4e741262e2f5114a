"""`python -m infra.local.drill`: takes the primary region of a simulated Azure away and brings it back."""
