"""From the probabilities of symbols per step to the symbols themselves: greedily, or by beam search."""
