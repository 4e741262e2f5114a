"""The forms of text that an estate is written in: names, addresses, ids, time zones."""

from typing import Annotated

from pydantic import AfterValidator, Field

ResourceId = Annotated[str, Field(pattern=r"^/subscriptions/[0-9a-fA-F-]{36}(/[A-Za-z0-9._()/-]+)$")]
Region = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{2,39}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
HttpsUrl = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?(/[^\s]*)?$")]
KeyUrl = Annotated[
    str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?/keys/[0-9A-Za-z-]{1,127}(/[0-9a-f]{32})?$")
]
SecretUrl = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?/secrets/[0-9A-Za-z-]{1,127}$")]
Mail = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[A-Za-z0-9.-]+$")]


def _known_zone(zone: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - tzdata only when checked

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # "America" is a folder of the database
        raise ValueError(f"'{zone}' is no time zone of the tz database, such as Asia/Tokyo") from error
    return zone


TimeZone = Annotated[str, AfterValidator(_known_zone)]
