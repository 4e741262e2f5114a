"""Evidence bundles: what a run was and did, chained and sealed, so that anybody can check it in years.

python -m shared.evidence verify FILE [--key FILE]
"""
