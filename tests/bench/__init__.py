"""Performance, each figure measured beside its reference in the same run (`make bench`)."""
