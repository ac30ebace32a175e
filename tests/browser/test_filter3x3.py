"""The filter bench and the quiz of lesson 03 in JupyterLab: by keyboard, and by mouse."""

CELLS = (
    "from helpers.cells import filters\n"
    "from helpers.cells.filter_bench import FilterBench, FilterQuiz\n"
    "photograph = filters.photograph()\n"
    "bench = FilterBench(photograph)\n"
    "bench",
    "quiz = FilterQuiz(photograph)\nquiz",
)


def test_numbers_are_set_and_questions_answered(lab, page):
    opened = lab.run_new(page, *CELLS)
    cell = opened.cell("FilterBench(photograph)")
    cell.get_by_role("combobox", name="Filter").select_option("Blur")
    opened.wait_for("bench.filter.divide_by", 9.0)
    middle = cell.get_by_role("spinbutton", name="the pixel itself")
    middle.focus()
    middle.press("ArrowUp")
    opened.wait_for("bench.filter.numbers[1][1]", 2.0)
    cells = len(opened.sources())
    for key in ("Control+a", "-", "5", "Tab"):
        page.keyboard.press(key)
    opened.wait_for("bench.filter.numbers[1][1]", -5.0)
    assert len(opened.sources()) == cells
    cell.get_by_role("img", name="the rows 1 1 1; 1 -5 1; 1 1 1").wait_for()

    asked = opened.cell("FilterQuiz(photograph)")
    wanted = opened.value("quiz.right_answer")
    answer = asked.get_by_role("button", name=wanted)
    answer.focus()
    answer.press("Enter")
    opened.wait_for("quiz.score", 1)
    asked.get_by_text("Right:").wait_for()
    asked.get_by_role("button", name="Next question").click()
    opened.wait_for("quiz.asked", 1)
    asked.get_by_role("button", name=wanted).click()
    asked.get_by_text("No, it was").wait_for()
    assert opened.value("quiz.score") == 1
