"""Numbers of the elementary functions: coefficients from the highest power on, logarithms in two parts, bits.

Compiled kernels and what is exported for small devices have the same. numba is not needed to read them.

References
----------
Moshier, S. L. (1989). Methods and programs for mathematical functions. (Cephes: ``exp`` and ``log``.)
"""

import numpy as np

EXP = tuple(
    np.float32(c)
    for c in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
)
LOG = tuple(
    np.float32(c)
    for c in (
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
        2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    )
)  # fmt: skip
ERF_ABOVE = tuple(
    np.float32(c)
    for c in (
        -2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
        -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02,
    )
)  # fmt: skip
ERF_BELOW = tuple(
    np.float32(c)
    for c in (
        -1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
        -1.42647390514189e-02,
    )
)  # fmt: skip
ARTANH = tuple(np.float32(1.0) / np.float32(power) for power in (15, 13, 11, 9, 7, 5, 3))
# log 2 in two parts, the first exact in few digits.
LOG2_E, LOG_2_HIGH, LOG_2_LOW = np.float32(1.44269504088896341), np.float32(-0.693359375), np.float32(2.12194440e-4)
# Added to a float32 it leaves the nearest whole number in the last bits.
ROUND, ROUND_BITS = np.float32(12582912.0), np.int32(0x4B400000)
ROOT_HALF_BITS = np.int32(0x3F3504F3)  # of the root of 1/2
