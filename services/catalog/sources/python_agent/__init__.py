"""A Python module read without running it: its agent, and what that takes and answers."""
