"""Programs: what is on screen as a short file of its own, written as a person would, and as a notebook."""

from core.programs.program import Program, Step, call
from core.programs.runs import program_of, program_of_beginning

__all__ = ["Program", "Step", "call", "program_of", "program_of_beginning"]
