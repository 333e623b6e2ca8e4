"""HyperSound: a network that listens to a clip and writes the parameters of a target network that plays it.

waveform -> encoder -> latent -> hypernetwork -> parameters -> (with shared ones) -> target network(t) -> sample
"""
