"""What the tests of the lessons' checks ask of a verdict."""


def misjudged(exercise, table, *context):
    """The rows (answer, verdict) of a table that a check judges otherwise, with what it says.

    A verdict is "right", "not attempted", or words of the reason why the answer is not yet right.
    """
    faults = []
    for answer, wanted in table:
        verdict = exercise.verdict(answer, *context)
        if wanted in ("right", "not attempted"):
            as_wanted = verdict.state == wanted and verdict.message
        else:
            as_wanted = verdict.state == "not yet" and wanted in verdict.message
        if not as_wanted:
            faults.append((answer, wanted, verdict))
    return faults
