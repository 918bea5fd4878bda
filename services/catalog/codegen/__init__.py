"""Writers of the modules that gateways run. Pure. What a user wrote enters a module only as a literal."""
