"""Which keys were used, how often and when last: of one deployment, since this gateway's boot."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from nexdeck.models.control import KeyUse
from nexdeck.models.manifest import AcceptedKeys


@dataclass(slots=True)
class KeyUses:
    """Bounded by the deployment's accepted keys: no other key is ever noted."""

    by_hash: dict[str, KeyUse] = field(default_factory=dict)

    def note(self, key: str, accepted: AcceptedKeys) -> None:
        """One call with the key of that hash; any other than an accepted one leaves no trace."""
        use = self.by_hash.get(key)
        if use is None:
            if key not in accepted.key_hashes and key not in accepted.expiring_keys:
                return
            use = self.by_hash[key] = KeyUse(last_at=datetime.now(UTC))
        use.calls += 1
        use.last_at = datetime.now(UTC)

    def keep(self, accepted: AcceptedKeys) -> None:
        """Forget what is no longer accepted."""
        for key in self.by_hash.keys() - {*accepted.key_hashes, *accepted.expiring_keys}:
            del self.by_hash[key]
