"""The trajectory under its name here; graphs, which may not import this folder, use the other."""

from manyminds.trajectory import (
    Action,
    APIAction,
    CodeAction,
    ImageObservation,
    MessageAction,
    Observation,
    Step,
    TextObservation,
    Trajectory,
    WebObservation,
)

__all__ = [
    "APIAction",
    "Action",
    "CodeAction",
    "ImageObservation",
    "MessageAction",
    "Observation",
    "Step",
    "TextObservation",
    "Trajectory",
    "WebObservation",
]
