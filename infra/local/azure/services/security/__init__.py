"""What a breach and its cure touch: networks, roles, users, keys, images, alerts, and the intruder."""
