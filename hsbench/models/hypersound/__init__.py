"""HyperSound: a network that reads a clip and generates the weights of a small network which represents this clip.

waveform -> encoder -> latent -> hypernetwork -> weights -> target network(time) -> sample
"""
