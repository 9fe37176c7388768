"""The standard normal distribution, compiled: what is below a value, and the value below which."""

from __future__ import annotations

import math

import numpy as np

from .small_matrices import compiled

# Wichura 1988 (Appl Stat 37:477-484), algorithm AS 241, PPND16: rational approximations of the
# normal quantile, relative error below 1e-15. Highest power first, numerator and denominator, for
# the centre and for two reaches of a tail.
_CENTRE = 0.425
_TAIL = 5.0
_A = np.array(
    [
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080,
    ]
)
_B = np.array(
    [
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ]
)
_C = np.array(
    [
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258,
        3.64784832476320460504,
        5.76949722146069140550,
        4.63033784615654529590,
        1.42343711074968357734,
    ]
)
_D = np.array(
    [
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940,
        2.05319162663775882187,
        1.0,
    ]
)
_E = np.array(
    [
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580,
        5.46378491116411436990,
        6.65790464350110377720,
    ]
)
_F = np.array(
    [
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ]
)


@compiled
def probability_below(x: float) -> float:
    """Probability that a standard normal lies below x; accurate far into the lower tail."""
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


@compiled
def quantile(probability: float) -> float:
    """Value below which a standard normal lies with a probability, 0 < probability < 1."""
    off = probability - 0.5
    if abs(off) <= _CENTRE:
        r = _CENTRE * _CENTRE - off * off
        return off * _polynomial(_A, r) / _polynomial(_B, r)
    r = math.sqrt(-math.log(probability if off < 0 else 1.0 - probability))
    if r <= _TAIL:
        found = _polynomial(_C, r - 1.6) / _polynomial(_D, r - 1.6)
    else:
        found = _polynomial(_E, r - _TAIL) / _polynomial(_F, r - _TAIL)
    return -found if off < 0 else found


@compiled
def _polynomial(coefficients: np.ndarray, x: float) -> float:
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total
