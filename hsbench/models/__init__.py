"""Models: whatever rebuilds a clip. Baseline models live here; published numbers live in baselines/."""
