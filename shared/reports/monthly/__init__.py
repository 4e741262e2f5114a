"""The operations report of a month in words and drawings; `shared.reports.monthly_report` makes pages of them."""
