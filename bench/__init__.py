"""Measured speed: every figure beside a hand-written floor or a peer, in the same run."""
