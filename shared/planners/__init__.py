"""Pure maths and transformations: no I/O."""
