"""What the command line looks at: an expression, a run's folder, or a function in a script."""

from .subject import Subject, SubjectError, subject_of

__all__ = ["Subject", "SubjectError", "subject_of"]
