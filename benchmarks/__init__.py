"""Speed claims come from here: every figure beside a baseline that was measured in the same run."""
