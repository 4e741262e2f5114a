"""Actions: one file, one function, one `Params` type each; `catalog` finds them all."""
