"""Bitstreams: entropy coding of whole numbers, the payload of one clip, and the file that holds a sound."""
