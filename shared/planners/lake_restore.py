"""What must be done to put the files of a data lake back to a moment: pure, from what the lake still keeps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.gateways.data_lake import DeletedFile, LakeFile


@dataclass(frozen=True)
class Left:
    """What is still to be done, what nobody can do in place (with the reason), and what came only afterwards."""

    undelete: tuple[DeletedFile, ...] = ()
    take_back: tuple[tuple[LakeFile, str], ...] = ()
    beyond: tuple[tuple[str, str], ...] = ()
    newer: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many files are still to be written."""
        return len(self.undelete) + len(self.take_back)


def what_is_left(
    files: Iterable[LakeFile], deleted: Iterable[DeletedFile], moment: datetime, prefix: str = ""
) -> Left:
    """Compare a container with what it was at a moment.

    Storage tells times in whole seconds; what happened within the moment's own second counts as damage.
    """
    second = moment.replace(microsecond=0)
    there = {file.name: file for file in files if file.name.startswith(prefix)}
    gone: dict[str, DeletedFile] = {}
    for one in sorted(deleted, key=lambda found: found.deleted):
        # The first deletion after the moment is that of the file which stood there then.
        if one.name.startswith(prefix) and one.created <= moment and one.deleted >= second:
            gone.setdefault(one.name, one)
    undelete = tuple(one for name, one in sorted(gone.items()) if name not in there)
    take_back: list[tuple[LakeFile, str]] = []
    beyond: list[tuple[str, str]] = []
    newer: list[str] = []
    for name, file in sorted(there.items()):
        if file.created > moment and name in gone:
            beyond.append((name, "was deleted and written anew: move the new one away, then retry"))
        elif file.created > moment:
            newer.append(name)
        elif file.written >= second:
            snapshot = file.snapshot_until(moment)
            if snapshot is None:
                beyond.append(
                    (name, "was overwritten and has no snapshot from before: write it anew from its source")
                )
            elif file.restored_from != snapshot:
                take_back.append((file, snapshot))
    return Left(undelete, tuple(take_back), tuple(beyond), tuple(newer))
