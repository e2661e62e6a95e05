"""Tasks that are solved step by step, and what a task of your own must offer."""
