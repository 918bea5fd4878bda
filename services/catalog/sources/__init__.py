"""Readers: what authors write (YAML or Python text) becomes a ``VersionDraft``. Pure; nothing here runs a source."""
