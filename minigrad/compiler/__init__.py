"""From a function that runs once to a program that is printed and replayed."""
