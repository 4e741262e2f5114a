"""The core of the simulated Azure: world, clock, store, operations, faults, routing, server."""
