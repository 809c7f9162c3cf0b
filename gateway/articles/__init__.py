"""Articles from elsewhere: read from agency files, Markdown and saved pages, made safe, and kept."""

from gateway.store.articles import Article, ArticleLine, Picture

__all__ = ["Article", "ArticleLine", "Picture"]
