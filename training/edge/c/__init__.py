"""A forecaster as one header of C99, with vectors that a compiled test program is held to."""
