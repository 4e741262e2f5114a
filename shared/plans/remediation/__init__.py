"""What an alert leads to: plans that are found through the estate's `remediation` list by the rule's name."""
