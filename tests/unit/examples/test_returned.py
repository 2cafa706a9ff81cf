# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a page says about results is held against results, and samples are renewed in their place."""

from __future__ import annotations

import pytest
import yaml

from tools.examples.__main__ import shortened, with_sample
from tools.examples.returned import has_shape, is_part, problems, real_values

RETURNED = """node:
  description: The node.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: old
updates:
  description: The updates by id.
  returned: success
  type: dict
  contains:
    update_id:
      description: One update.
      type: dict
      contains:
        kb:
          description: Its numbers.
          type: list
          elements: str
          sample: ["1"]
events:
  description: The lines.
  returned: success
  type: list
  elements: dict
  sample:
    - {text: one}
"""
DESCRIBED = yaml.safe_load(RETURNED)
TRUE = {"node": {"name": "old"}, "updates": {"a": {"kb": ["5"]}}, "events": [{"text": "one"}, {"text": "two"}], "changed": True}


def test_result_as_described_has_no_problem() -> None:
    assert problems(DESCRIBED, [TRUE]) == []


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ({"node": {"name": "new"}}, "node.name: the sample"),
        ({"node": {"name": None}}, "node.name: it can be null"),
        ({"updates": {"a": {"kb": "1"}}}, "updates.*.kb: it is said to be list"),
        ({"node": {"name": "old", "age": 5}}, "node.age: it is given back, and not described"),
        ({"left": 5}, "left: it is given back, and not described"),
        ({"updates": {"a": {"title": "b"}}}, "updates.*.title: it is given back"),
        ({"events": []}, None),
        ({"events": [{"line": "one"}]}, "events: the sample"),
        ({"msg": "done", "_ansible_verbose_always": True}, None),
    ],
)
def test_difference_between_result_and_description_is_told(result: dict[str, object], problem: str | None) -> None:
    found = problems(DESCRIBED, [result])
    assert [each.startswith(problem or "") for each in found[:1]] == ([] if problem is None else [True])


@pytest.mark.parametrize(
    ("sample", "real", "is_true"),
    [
        ("5c1f0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7", "6a0c0b0e-6a0c-4a53-9d3c-2f4cf5f6a1c7", True),
        ("run 5c1f0b0e is dead", "run 24e91590 is dead", True),
        ("up after 3 min 12 s", "up after 1 min 2 s", True),
        ("up after 3 min 12 s", "up after 12 s", True),
        ("2 of 3 downloaded", "2 of 3 failed", False),
        (5, 7, True),
        (True, False, True),
        (1, True, False),
        ([{"a": 1}], [{"a": 2}, {"b": 3}], True),
        ([{"c": 1}], [{"a": 2}, {"b": 3}], False),
        ([], ["a"], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_sample_is_true_when_it_is_part_of_what_was_given_back(sample: object, real: object, is_true: bool) -> None:
    assert is_part(sample, real) is is_true


def test_shape_is_type_and_keys() -> None:
    assert has_shape({"a": 1}, {"a": "x"})
    assert not has_shape({"a": 1}, {"b": 1})
    assert not has_shape("a", 1)


def test_values_are_found_below_lists_and_keys() -> None:
    assert real_values([TRUE], "updates.*.kb") == [["5"]]
    assert real_values([TRUE], "events.*.text") == ["one", "two"]


@pytest.mark.parametrize(
    ("keys", "sample"),
    [
        (("node", "contains", "name"), "new: name"),
        (("updates", "contains", "update_id", "contains", "kb"), ["5066782", "5066131"]),
        (("events",), [{"text": "a long line " * 12, "node": None}]),
        (("events",), [{"text": "one"}]),
    ],
)
def test_sample_is_replaced_in_its_place(keys: tuple[str, ...], sample: object) -> None:
    text = with_sample(RETURNED, keys, sample)
    renewed, spec = yaml.safe_load(text), yaml.safe_load(RETURNED)
    for key in keys:
        spec = spec[key]
    before = spec["sample"]
    found = renewed
    for key in keys:
        found = found[key]
    assert found["sample"] == sample
    assert max(len(line) for line in text.splitlines()) <= 160
    assert yaml.safe_load(with_sample(text, keys, before)) == yaml.safe_load(RETURNED)


def test_sample_of_a_list_of_mappings_is_its_last_element() -> None:
    assert shortened([[{"a": 1}, {"a": 2}]]) == [{"a": 2}]
    assert shortened([["a", "b"], ["c"]]) == ["a", "b"]
