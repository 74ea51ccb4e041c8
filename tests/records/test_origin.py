from echolesion.records import origin

CONFIG = {"study": "x", "seed": 0}


def test_attributes_say_where_a_result_comes_from():
    attributes = origin.attributes(CONFIG)
    assert attributes["study_seed"] == 0
    assert '"study": "x"' in attributes["study_configuration"]
    assert '"torch"' in attributes["versions"]
    assert attributes == origin.attributes(CONFIG)
