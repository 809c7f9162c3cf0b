"""A publisher to try the gateway with: twelve articles of invented people and places, and their pictures."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ARTICLES = FOLDER / "articles"
# The articles name their pictures as /pictures/NAME; whoever answers HTTP serves them from here.
PICTURES = FOLDER / "pictures"
MANIFEST = FOLDER / "manifest.toml"
