"""What names and texts in requests look like; ``errors`` has the words for those that do not."""

REFERENCE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
LABEL_PATTERN = r"^[0-9A-Za-z.+-]{1,64}$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f]*$"
