"""Actions on canaries: numbered writes that show how much of the newest data a recovery lost."""
