"""One file per ticket system; `shared.gateways.tickets` says what each must be able to do."""
