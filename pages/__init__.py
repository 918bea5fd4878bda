"""What people see. ``registry.register`` mounts everything; each page gets the Studio handed in."""
