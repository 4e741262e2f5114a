"""Every call that leaves the process: one file per service, all through one connection."""
