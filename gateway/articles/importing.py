"""The use case of importing articles: every file on its own, in its own transaction, with a report at the end."""

from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy.exc import DataError, IntegrityError

from gateway.articles.files import files_under, read_story
from gateway.articles.keeping import Act, keep
from gateway.articles.report import Line, Outcome, Report, describe
from gateway.articles.story import Story, StoryFaultError, StoryRefusedError, Withdrawal
from gateway.ledger import OPERATOR, Actor
from gateway.runtime import Runtime

__all__ = ["Line", "Outcome", "Progress", "Report", "describe", "import_paths", "import_stories"]

Progress = Callable[[int, int, Line], None]
# Another import may take the same slug or add the same article between the look and the insert; the second look sees it.
ATTEMPTS = 3


def import_paths(
    runtime: Runtime, paths: Iterable[Path], *, actor: Actor = OPERATOR, on_progress: Progress | None = None
) -> Report:
    """Import files and the folders' files below `paths`; doing it again changes nothing.

    One bad file stops no other: it is named in the report. `on_progress` is called after each file with how many
    are done, how many there are, and the file's line. A database that cannot be reached raises, since then no
    file is at fault.
    """
    files = [*files_under(paths)]
    lines: list[Line] = []
    for path in files:
        lines.append(_import_file(runtime, path, actor))
        if on_progress is not None:
            on_progress(len(lines), len(files), lines[-1])
    return Report(tuple(lines))


def import_stories(
    runtime: Runtime, stories: Iterable[tuple[Path, Story]], *, actor: Actor = OPERATOR
) -> Report:
    """Import stories that were read already, each with the name to report it under."""
    return Report(tuple(_import_found(runtime, path, story, actor) for path, story in stories))


def _import_file(runtime: Runtime, path: Path, actor: Actor) -> Line:
    try:
        return _import_found(runtime, path, read_story(path), actor)
    except StoryRefusedError as refused:
        return Line(path, Outcome.REFUSED, why=str(refused))
    except StoryFaultError as fault:
        return Line(path, Outcome.FAILED, why=str(fault))


def _import_found(runtime: Runtime, path: Path, found: Story | Withdrawal, actor: Actor) -> Line:
    headline = found.headline if isinstance(found, Story) else ""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with runtime.database.transaction() as connection:
                outcome, remark, article_id = keep(Act(runtime, connection, actor, runtime.clock()), found)
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
        except DataError as error:
            return Line(path, Outcome.FAILED, headline, f"the database cannot keep it: {error.orig}")
        else:
            return Line(path, outcome, headline, remark, article_id)
    raise AssertionError("the last attempt returned or raised")
