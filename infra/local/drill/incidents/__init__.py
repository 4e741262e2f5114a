"""What incident drills break, one file each: the alert rules of the simulated Azure must see it by themselves."""
