"""What networks are built of: encoders, attentions, decoders and heads. Tensors in, tensors out."""
