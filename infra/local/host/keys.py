"""Access keys as the Functions host checks them: function, master and the Durable system key."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one host; they protect nothing outside of this machine."""

    function: str = "local"
    master: str = "local-master"
    system: str = "local-durable"

    def allow(self, level: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """Whether a request may call something of this level: anonymous, function, system or admin."""
        level = level.lower()
        if level == "anonymous":
            return True
        accepted = {"function": (self.function, self.master), "system": (self.system, self.master)}
        offered = headers.get("x-functions-key") or query.get("code") or ""
        # Every key is compared, and in constant time: how long it takes says nothing about them.
        matches = [
            hmac.compare_digest(offered.encode(errors="replace"), key.encode())
            for key in accepted.get(level, (self.master,))
        ]
        return any(matches)
