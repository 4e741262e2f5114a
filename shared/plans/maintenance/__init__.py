"""Plans that timers start."""
