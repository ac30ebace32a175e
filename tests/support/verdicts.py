"""What the tests of the lessons' checks ask of a verdict."""


def state(exercise, *answers):
    """The state that a check finds an answer in; its message is never empty."""
    verdict = exercise.verdict(*answers)
    assert verdict.message
    return verdict.state


def why(exercise, *answers):
    """What a check says of a wrong answer: its state must be "not yet"."""
    verdict = exercise.verdict(*answers)
    assert verdict.state == "not yet"
    return verdict.message
