"""Who may use which product, and until when."""
