"""What each lesson's exercises check: one file a lesson. See `helpers.exercises`."""
