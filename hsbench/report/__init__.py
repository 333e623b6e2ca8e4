"""Tables and figures of a results folder, as values and as Markdown, LaTeX, CSV, HTML, PNG and PDF."""
