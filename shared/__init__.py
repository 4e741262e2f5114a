"""The product without Functions: model, estate, plans, actions, planners, reports and gateways."""
