"""Files to import: found under paths, read within bounds, and given to the parser that their name calls for."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gateway.articles.html import parse_html
from gateway.articles.markdown import parse_markdown
from gateway.articles.ninjs import parse_ninjs
from gateway.articles.story import Story, StoryFaultError, StoryRefusedError, Withdrawal

MAX_BYTES = 8 * 1024 * 1024
PARSERS: dict[str, Callable[[str], Story | Withdrawal]] = {
    ".json": parse_ninjs,
    ".md": parse_markdown,
    ".markdown": parse_markdown,
    ".html": parse_html,
    ".htm": parse_html,
}


def files_under(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield each path that is no folder, and of each folder the files of known kinds below it, sorted, once each.

    Left out of a folder are hidden files and the `…_files` folders that browsers put beside a saved page.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in sorted(_below(path)) if _is_folder(path) else [path]:
            if file.absolute() not in seen:
                seen.add(file.absolute())
                yield file


def read_story(path: Path) -> Story | Withdrawal:
    """Read one file; raises StoryFaultError where it cannot be read, StoryRefusedError where it holds no article."""
    try:
        found = path.exists()
    except OSError as error:
        raise _unreadable(error) from None
    if not found:
        raise StoryFaultError("there is no such file or folder; want one that holds articles")
    parser = PARSERS.get(path.suffix.lower())
    if parser is None:
        raise StoryRefusedError(
            f"its name ends in {path.suffix or 'nothing'!r}; want one of {', '.join(PARSERS)}"
        )
    return parser(_text(path))


def _is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; of one that cannot be looked at, reading tells why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        passed_over = any(part.startswith(".") or part.endswith("_files") for part in parts)
        if path.suffix.lower() in PARSERS and not passed_over and _may_be_file(path):
            yield path


def _may_be_file(path: Path) -> bool:
    """Tell whether a path is a regular file; of one that cannot be looked at, reading tells why."""
    try:
        return path.is_file()
    except OSError:
        return True


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise StoryFaultError("it is no regular file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(error) from None
    if len(content) > MAX_BYTES:
        raise StoryFaultError(
            f"it is larger than {MAX_BYTES // 1024 // 1024} MiB; one file holds one article"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StoryFaultError(f"it is not UTF-8: byte {error.start} is {content[error.start]:#04x}") from None


def _unreadable(error: OSError) -> StoryFaultError:
    return StoryFaultError(f"it cannot be read: {error.strerror or error}")
