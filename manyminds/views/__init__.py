"""Pictures of runs, for notebooks and for a page of their own."""
