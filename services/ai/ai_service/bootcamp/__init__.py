"""The bootcamp: seats, enrollments, progress by course."""
