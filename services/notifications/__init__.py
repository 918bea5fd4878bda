"""Tells people and programs of incidents: ``channels`` says where and when, ``outbox`` sees that it arrives."""

DOORS = ("channels", "outbox")
