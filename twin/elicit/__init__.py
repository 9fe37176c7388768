"""Published evidence turned into distributions on the model's own parameters.

Numbers on people are found by matching: the law says what a study like the published one would have
recorded, and the parameters are those at which it would have recorded what was published. Effects
are pooled for a new setting, and checked by simulated trials.
"""
