"""A folder of HTML pages that opens from disk, without a network and without a server.

Pages are Jinja2 templates with autoescaping, see `page`.
"""
