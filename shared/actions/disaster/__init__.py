"""How a disaster is found and declared."""
