"""The law's compiled kernels as symbolic operations with gradients.

Graphs compiled by numba call the kernels directly; graphs traced by JAX (for numpyro) get the plain
form of the same law, which JAX differentiates itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from twin.law import score_kernels, work_flat_kernels
from twin.law.compiling import source_hash

type Variable = Any

_SOURCES = int(source_hash(Path(score_kernels.__file__).parent)[:12], 16)
"""So that PyTensor does not find code again that it compiled for an older kernel."""


class _Kernel(Op):
    """An operation that calls one compiled function on float and integer arrays."""

    __props__ = ()
    kernel: Callable[..., tuple[Any, ...]]
    result_dims: tuple[int, ...]

    def make_node(self, *inputs: Variable) -> Apply[Any]:
        """Bind the inputs."""
        bound = [pt.as_tensor_variable(x) for x in inputs]
        results = [pt.tensor(dtype="float64", shape=(None,) * n) for n in self.result_dims]
        return Apply(self, bound, results)

    def perform(self, node: Apply[Any], inputs: Any, output_storage: Any) -> None:  # noqa: ARG002
        """Call the compiled function."""
        for cell, result in zip(output_storage, type(self).kernel(*inputs), strict=True):
            cell[0] = result


class _Differentiable(_Kernel):
    """A kernel with a companion that carries gradients back to its leading arguments.

    What the kernel returns beyond the law's results is handed to the companion, behind the
    arguments, so that it need not be computed twice; nothing else may use it.
    """

    gradient: _Kernel
    n_results = 2

    def results(self, *inputs: Variable) -> tuple[Variable, Variable]:
        """Return the law's results alone."""
        found: Any = self(*inputs)
        return found[0], found[1]

    @property
    def n_parameters(self) -> int:
        """Number of leading arguments that are parameters; the rest are data."""
        return len(self.gradient.result_dims)

    def pullback(self, inputs: Any, outputs: Any, output_gradients: Any) -> list[Variable]:
        """Carry gradients of the results back to the parameters."""
        n = self.n_results
        bars = [
            pt.zeros_like(result) if isinstance(bar.type, DisconnectedType) else bar
            for result, bar in zip(outputs[:n], output_gradients[:n], strict=True)
        ]
        back: Any = self.gradient(*inputs, *outputs[n:], *bars)
        return [*back, *(DisconnectedType()() for _ in inputs[self.n_parameters :])]

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Only parameters are connected, and only to the law's results."""
        rest = len(self.result_dims) - self.n_results
        return [
            [i < self.n_parameters] * self.n_results + [False] * rest
            for i in range(len(node.inputs))
        ]


class ScoreTermsGradient(_Kernel):
    """`score_kernels.score_terms_gradient`."""

    kernel = staticmethod(score_kernels.score_terms_gradient)
    result_dims = (2, 2, 3, 2, 1, 2, 1, 0, 2, 2)


class ScoreTerms(_Differentiable):
    """`score_kernels.score_terms`."""

    kernel = staticmethod(score_kernels.score_terms)
    result_dims = (1, 2, 3, 3, 3, 3, 3, 2)
    gradient = ScoreTermsGradient()


class WorkTermsGradient(_Kernel):
    """`work_flat_kernels.flat_work_terms_gradient`."""

    kernel = staticmethod(work_flat_kernels.flat_work_terms_gradient)
    result_dims = (2, 2, 1, 2, 1, 1, 1, 1, 0, 1, 1, 2, 0)


class WorkTerms(_Differentiable):
    """`work_flat_kernels.flat_work_terms`."""

    kernel = staticmethod(work_flat_kernels.flat_work_terms)
    result_dims = (1, 1)
    gradient = WorkTermsGradient()


def _compiled(op: _Kernel, **_: Any) -> tuple[Callable[..., Any], int]:
    return type(op).kernel, _SOURCES


for _op in (ScoreTerms, ScoreTermsGradient, WorkTerms, WorkTermsGradient):
    register_funcify_default_op_cache_key(_op)(_compiled)
