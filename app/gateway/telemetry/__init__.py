"""What is counted, logged and recorded of calls until a control plane has collected it."""

DOORS = ("call_buffer", "counter_export", "counter_store", "counters", "log_buffer", "meter")
