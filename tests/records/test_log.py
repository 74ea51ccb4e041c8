import logging

import pytest

from echolesion.records.log import logged


def test_bad_input_ends_a_job_with_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped, logged(tmp_path / "job.log"):
        logging.info("begun")
        raise ValueError("celegans279: all weights are 0")
    assert stopped.value.code == "error: celegans279: all weights are 0"
    log = (tmp_path / "job.log").read_text()
    assert "begun" in log and "Traceback" in log
    assert "Traceback" not in capsys.readouterr().err


def test_other_errors_keep_their_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), logged(tmp_path / "job.log"):
        _ = 1 / 0
