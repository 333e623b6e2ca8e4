"""Models: everything that can reconstruct a clip, from neural networks to codecs and controls."""
