"""The ids of incidents."""


def incident_id(fingerprint: str, generation: int) -> str:
    """One incident of a cause after the other; never the same id twice."""
    return f"inc-{fingerprint}-{generation}"
