"""What people see. ``registry.register`` mounts everything; the pages get the Studio handed in and call its services."""
