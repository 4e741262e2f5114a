"""What each plan is drilled against, one file a plan under the plan's own name."""
