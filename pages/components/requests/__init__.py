"""Requests, replays and Try it."""

DOORS = ("chunks_view", "dialog", "input_form", "replay_dialog", "replay_panel", "row", "step_chart", "try_view")
