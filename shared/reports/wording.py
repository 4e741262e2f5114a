"""How times, durations and other people's words are written in every report."""

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

# Controls that XML forbids, noncharacters and lone surrogates, and the bidirectional overrides with which
# a reason could make the text around it read differently.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LONG_WORD = re.compile(r"\S{20,}")
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def duration(seconds: float) -> str:
    """Seconds as people say them: `13.9 s`, `6 min 57 s`, `4 h`; tenths only below one minute."""
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    left, parts = round(seconds), list[str]()
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)


def clean(text: str, limit: int = 1000) -> str:
    """Somebody else's text: printable, at most `limit` characters, and honest about what was left out."""
    text = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\t", " ")).strip()
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()} … ({len(text) - limit} characters more in the record)"


def line(text: str, limit: int = 300) -> str:
    """Somebody else's text on one line, cut with an ellipsis: for names, labels and mail subjects."""
    text = " ".join(clean(text, limit=100_000).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def breakable(text: str) -> str:
    """The same text with invisible break points in long words: typst breaks only where it is allowed to."""
    return _LONG_WORD.sub(lambda word: _broken(word.group()), text)


def _broken(word: str) -> str:
    out, run = list[str](), 0
    for i, char in enumerate(word):
        out.append(char)
        run += 1
        follows = word[i + 1 : i + 2]
        # Between a letter and its accent, or inside a joined emoji, a break would take the sign apart.
        joined = not follows or unicodedata.combining(follows) or "\u200d" in (char, follows)
        if not joined and (run >= 12 or (char in "/_-.:,;=&?@" and run > 2)):
            out.append("\u200b")
            run = 0
    return "".join(out)


def counted(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True)
class Moment:
    """An instant: as the estate's people read it, and in UTC for everyone else."""

    text: str
    utc: str
    iso: str


@dataclass(frozen=True)
class Clock:
    """Writes instants in one time zone; days are named only where they differ from the first one's."""

    zone: ZoneInfo
    first: datetime

    @classmethod
    def of(cls, time_zone: str, first: datetime) -> "Clock":
        """`time_zone` is an IANA name; the estate's loader has checked it."""
        return cls(zone=ZoneInfo(time_zone), first=aware(first))

    def moment(self, at: datetime) -> Moment:
        """The time of day, with the date when it is another day than the run began on."""
        local = aware(at).astimezone(self.zone)
        same_day = local.date() == self.first.astimezone(self.zone).date()
        text = f"{local:%H:%M:%S}" if same_day else f"{local.day} {local:%b} {local:%H:%M:%S}"
        return self._moment(at, text)

    def dated(self, at: datetime) -> Moment:
        """Day and minute, for tables in which no day is the usual one: `16 Oct 09:02`."""
        local = aware(at).astimezone(self.zone)
        return self._moment(at, f"{local.day} {local:%b} {local:%H:%M}")

    def full(self, at: datetime) -> Moment:
        """Weekday, date and time."""
        local = aware(at).astimezone(self.zone)
        return self._moment(at, f"{local:%A} {local.day} {local:%B %Y}, {local:%H:%M:%S}")

    @property
    def name(self) -> str:
        """The zone as a heading names it, with its offset on that day: `Asia/Tokyo (JST, UTC+09:00)`."""
        local = self.first.astimezone(self.zone)
        offset = f"{local:%:z}"
        abbreviation = f"{local:%Z}"
        named = "" if abbreviation.startswith(("+", "-")) or abbreviation == "UTC" else f"{abbreviation}, "
        return self.zone.key if self.zone.key == "UTC" else f"{self.zone.key} ({named}UTC{offset})"

    @staticmethod
    def _moment(at: datetime, text: str) -> Moment:
        utc = aware(at).astimezone(UTC)
        return Moment(text=text, utc=f"{utc:%Y-%m-%d %H:%M:%S} UTC", iso=f"{utc:%Y-%m-%dT%H:%M:%SZ}")


def aware(at: datetime) -> datetime:
    """The instant with a zone: what was recorded without one was UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
