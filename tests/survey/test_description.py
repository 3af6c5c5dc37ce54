from __future__ import annotations

from geoml.survey.description import counted, geometry_facts


def test_shots_are_told_with_gathers_line_and_depths(streamer):
    facts = dict(geometry_facts(streamer(n_shots=8, n_receivers=10)))
    assert facts["by shot"] == "8 gathers of 10 traces"
    assert facts["by receiver"] == "24 gathers of 1 to 5 traces"
    assert "by cdp" not in facts
    assert facts["geometry"] == (
        "marine, sources 212.5 to 387.5 m and receivers 0 to 287.5 m along a line of azimuth 90.0 "
        "degrees, offsets -212.5 to -100 m"
    )
    assert facts["depths"].startswith("sources 6 m, receivers 8 m below")


def test_stack_is_told_with_grid_and_bin_size(make_survey):
    survey = make_survey(
        6,
        inline=[10, 10, 10, 14, 14, 14],
        crossline=[1, 2, 3, 1, 2, 3],
        source_x=[0, 30, 60, -40, -10, 20],
        source_y=[0, 40, 80, 30, 70, 110],
    )
    facts = dict(geometry_facts(survey))
    assert facts["grid"] == "2 inlines 10 to 14 x 3 crosslines 1 to 3, 50 m and 50 m apart"
    assert facts["positions"] == "x -40 to 60 m, y 0 to 110 m"


def test_stacked_line_is_told_with_its_length(make_survey):
    survey = make_survey(4, cdp=[1, 2, 3, 4], source_x=[0, 50, 100, 100], source_y=[9, 9, 9, 59])
    facts = dict(geometry_facts(survey))
    assert facts["grid"] == "stacked, 4 CDPs 1 to 4"
    assert facts["positions"] == "x 0 to 100 m, y 9 to 59 m, a line of 150 m, in 2 legs"


def test_survey_without_positions_says_so(make_survey):
    facts = dict(geometry_facts(make_survey(3)))
    assert facts == {"by shot": "1 gather of 3 traces", "geometry": "none that can be used"}


def test_nouns_follow_their_numbers():
    assert counted(1, "trace") == "1 trace"
    assert counted(0, "trace") == "0 traces"
