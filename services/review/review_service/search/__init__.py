"""Full-text search of the open campaigns, in Korean and English."""
