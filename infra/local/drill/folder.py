"""Where a drill leaves what it made: a folder that the next drill replaces, and that one drill holds at a time."""

import fcntl
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.local.drill.failures import DrillFailed

_MARK = ".drill"


class Folder:
    """`with Folder(path) as folder`: emptied at the start; the world's state is removed at the end unless kept."""

    def __init__(self, path: Path, *, keep: bool) -> None:
        self.path = path.absolute()
        self.state = self.path / "state" / "host.db"
        self.mail = self.path / "mail"
        self.log = self.path / "host.log"
        self._keep = keep

    def __enter__(self) -> Self:
        mark = self.path / _MARK
        try:
            if self.path.is_dir() and not mark.exists() and any(self.path.iterdir()):
                raise DrillFailed(
                    f"{shown(self.path)} holds something else: choose another folder with --out"
                )
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = mark.open("w")
        except OSError as error:
            raise DrillFailed(f"{shown(self.path)} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise DrillFailed(
                f"another drill is writing to {shown(self.path)}: wait for it, or choose another folder with --out"
            ) from None
        for old in self.path.iterdir():
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            elif old != mark:
                old.unlink()
        self.state.parent.mkdir()
        return self

    def keep_mail(self) -> int:
        """Take the mails out of the world's state; returns how many there are."""
        sent = self.state.parent / "mail"
        self.mail.mkdir(exist_ok=True)
        for file in sent.glob("*.eml"):
            shutil.copy2(file, self.mail)
        return len(list(self.mail.glob("*.eml")))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._keep:
            shutil.rmtree(self.state.parent, ignore_errors=True)
        self._lock.close()


def shown(path: Path) -> str:
    """A path as people would type it where they stand."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
