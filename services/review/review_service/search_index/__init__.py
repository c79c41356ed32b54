"""What searches read: open campaigns as terms, and the words that misspelt ones are corrected to."""
