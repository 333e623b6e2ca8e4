"""Individual implicit neural representations (INRs): one target network is fitted to each clip."""
