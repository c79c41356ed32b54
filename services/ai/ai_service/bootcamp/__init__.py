"""The bootcamp: seats, enrolments, progress by course."""
