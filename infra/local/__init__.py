"""One machine: the local Functions host and the simulated Azure; never deployed."""
