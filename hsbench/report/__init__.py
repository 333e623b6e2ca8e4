"""Views of results: tables as values, and their renderings."""
