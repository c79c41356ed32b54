"""Applications: who wants to review what, and what the creator decided."""
