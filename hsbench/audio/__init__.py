"""Signal processing: clips, audio files, filters, transforms and resampling."""
