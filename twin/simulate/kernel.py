"""How loops over people, draws and weeks are compiled."""

from __future__ import annotations

from twin.law.compiling import compiling

kernel = compiling(nogil=True)
"""Compile once and keep the result beside the source; let other threads run meanwhile.

Sums stay in the order in which they are written, unlike in the kernels of the fit: the same number
must come out wherever the compiler puts it into a vector and wherever not, since a longer horizon
or another draw moves it from one to the other.
"""

within = compiling(nogil=True, inline="always")
"""The same for what stands in the innermost loops: copied into them, so that the compiler sees
nothing but arithmetic and works on several numbers at once."""
