"""The gateway: one routing file for Kong, and what renders, checks, compiles and runs it locally."""
