"""What other services ask; never reachable through the gateway."""
