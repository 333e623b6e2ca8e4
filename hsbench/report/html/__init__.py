"""A folder of HTML pages that opens from disk, without a network and without a server.

Every text that comes from a results folder goes through `page.el`, which escapes it.
"""
