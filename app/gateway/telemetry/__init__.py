"""What is counted, logged and recorded of calls until a control plane has collected it."""

DOORS = ("call_buffer", "counter_export", "log_buffer", "meter")
