"""What routes answer with: rows of the models as JSON."""
