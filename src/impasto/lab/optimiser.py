"""The optimiser of a run: Muon for the convolutions of the body, Adam for everything else.

Muon (Jordan et al. 2024) makes the update of a weight matrix orthogonal, so that all its directions
move alike. A convolution is a matrix of one row an output channel.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from impasto.lab.nets import CodeBook, Trunk
from impasto.lab.recipe import Schedule

BODY = ("body.", "down.", "up.")
"""The layers between the picture's colours at both ends; those stay with Adam, as is usual."""


class MuonAndAdam:
    """Two optimisers as one.

    Args:
        convolutions: weights for Muon.
        groups: parameters for Adam, each list with a rate of its own.
        weight_decay: Muon's.
    """

    def __init__(
        self,
        convolutions: Iterable[nn.Parameter],
        groups: Iterable[list[nn.Parameter]],
        *,
        weight_decay: float = 0.0,
    ) -> None:
        self.matrices = Matrices(convolutions)
        self.muon = torch.optim.Muon(self.matrices.views, weight_decay=weight_decay)
        self.adam = torch.optim.Adam([{"params": group} for group in groups])

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        self.matrices.zero_grad()
        self.adam.zero_grad(set_to_none=True)

    def move(self, rates: Iterable[float]) -> None:
        """One move, at Muon's rate and then one for each of Adam's groups."""
        groups = [*self.muon.param_groups, *self.adam.param_groups]
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        self.matrices.take_gradients()
        self.muon.step()
        self.adam.step()

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs."""
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues from a state."""
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])


class RunOptimiser(MuonAndAdam):
    """Moves a trunk and its codes; rates follow the schedule."""

    def __init__(self, trunk: Trunk, book: CodeBook) -> None:
        body, ends = _split(trunk)
        super().__init__(body, [ends, list(book.parameters())])

    def step(self, schedule: Schedule, step: int) -> None:
        """One move, at the rates of a step."""
        factor = rate_factor(schedule, step)
        rates = (schedule.body_rate, schedule.rate, schedule.code_rate)
        self.move(rate * factor for rate in rates)


class Matrices:
    """Convolution weights as the matrices [outputs, rest] that Muon takes, in the same memory."""

    def __init__(self, weights: Iterable[nn.Parameter]) -> None:
        self.weights = list(weights)
        self.views = [nn.Parameter(self._matrix(w.detach(), like=w)) for w in self.weights]

    @staticmethod
    def _matrix(tensor: Tensor, *, like: Tensor) -> Tensor:
        """A weight or its gradient; columns in the order in which `like` lies in memory."""
        if like.is_contiguous():
            return tensor.reshape(len(tensor), -1)
        return tensor.permute(0, 2, 3, 1).reshape(len(tensor), -1)

    def take_gradients(self) -> None:
        """Shows the weights' gradients to the views."""
        for weight, view in zip(self.weights, self.views, strict=True):
            if weight.grad is not None:
                view.grad = self._matrix(weight.grad, like=weight)

    def zero_grad(self) -> None:
        """Forgets all gradients."""
        for weight, view in zip(self.weights, self.views, strict=True):
            weight.grad = view.grad = None


def _split(trunk: Trunk) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Weights of the body's convolutions, and all other parameters."""
    body: list[nn.Parameter] = []
    ends: list[nn.Parameter] = []
    for name, parameter in trunk.named_parameters():
        inside = name.startswith(BODY) and parameter.dim() == 4 and not _is_added(name)
        (body if inside else ends).append(parameter)
    return body, ends


class Ramp(Protocol):
    """Where a rate warms up and falls, in steps."""

    @property
    def steps(self) -> int:
        """All of them."""
        ...

    @property
    def warmup(self) -> int:
        """How long a rate rises."""
        ...

    @property
    def decay(self) -> int:
        """How long it falls, at the end."""
        ...


def rate_factor(schedule: Ramp, step: int) -> float:
    """The share of the full rate at a step: warm-up, constant, linear fall to 0."""
    left = (schedule.steps - step) / max(schedule.decay, 1)
    return max(0.0, min(1.0, (step + 1) / max(schedule.warmup, 1), left))


def _is_added(name: str) -> bool:
    """Whether a layer's output is added to a finer level as it is, without a normalisation.

    Muon's steps have one size whatever the gradient's, so the scale of such a layer would grow
    until the finer level is not heard beside it.
    """
    return name.startswith("body.") and name.endswith(".up.weight")


@torch.no_grad()
def update_mean(mean: nn.Module, live: nn.Module, decay: float, step: int) -> None:
    """Moves a running mean of weights towards the live ones; shorter at first than `decay` says."""
    kept, values = min(decay, step / (step + 10)), live.state_dict()
    for name, value in mean.state_dict().items():
        value.lerp_(values[name], 1 - kept)
