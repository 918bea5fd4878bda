"""One module for each resource: parse, call a service, answer."""
