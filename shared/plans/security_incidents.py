"""The kinds of security incidents of seed 004, section 12.2: how alerts name them, and what people do about each."""

from typing import Literal

Kind = Literal["data_breach", "compromised_credentials", "malware", "ddos"]

WORDS: dict[Kind, tuple[str, ...]] = {
    "malware": ("malware", "malicious", "ransom", "virus", "trojan", "crypto"),
    "ddos": ("ddos", "denial of service", "flood"),
    "compromised_credentials": ("credential", "sign-in", "signin", "password", "token", "leaked", "brute"),
    "data_breach": ("breach", "exfiltration", "unusual amount of data", "data access", "unauthorized access"),
}
"""What alerts of each kind are called, looked for in this order."""

TASKS: dict[str, dict[str, tuple[str, str]]] = {
    "contain": {
        "data_breach": (
            "stop the access that leaks data: name the identity, take its access",
            "who had access until when",
        ),
        "ddos": (
            "turn on DDoS protection and the WAF's rate limits before the platform",
            "the policy as it is now",
        ),
    },
    "investigate": {
        "every": ("find the root cause: how it came in, what it reached, since when", "the findings")
    },
    "eradicate": {
        "data_breach": (
            "close the way that the data took, and have keys replaced where it used them",
            "what was closed",
        ),
        "ddos": ("block the sources of the attack at the edge", "the rules that block them"),
    },
    "prevent": {"every": ("decide on preventive measures, with owners and dates", "the measures")},
}
"""What only people can do, and the evidence that is wanted of it."""


def kind_told(dimensions: dict[str, str]) -> Kind:
    """The kind that an alert's words tell; a data breach where they tell nothing, which assumes the worst."""
    said = " ".join(dimensions.values()).lower()
    for kind, words in WORDS.items():
        if any(word in said for word in words):
            return kind
    return "data_breach"
