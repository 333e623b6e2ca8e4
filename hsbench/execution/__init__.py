"""Computing a cell: one worker process, started and followed by an engine."""
