"""Loads and checks the estate file; `contoso.yaml` beside this is the sample estate."""
