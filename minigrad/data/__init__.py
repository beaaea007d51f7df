"""Data sets and the loader that serves them in batches."""

from minigrad.data import datasets
from minigrad.data.dataset import DataError, Dataset
from minigrad.data.loader import DataLoader

__all__ = ["DataError", "DataLoader", "Dataset", "datasets"]
