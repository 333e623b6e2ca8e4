"""The results folder: the files of each cell and view, what they may contain, and which work is still pending."""
