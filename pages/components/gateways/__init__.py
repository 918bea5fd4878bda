"""Gateways in their list, and the dialogs about one."""

DOORS = ("dialog", "local_dialog", "row")
