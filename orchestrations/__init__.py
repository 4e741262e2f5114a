"""Triggers, orchestrations, activities and entities: the only package that speaks Functions and Durable."""
