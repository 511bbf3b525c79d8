"""License, keywords and versions out of free metadata."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared import SHARED, needs_shared

from pyf.aggregator.documents.labels import (
    framework_versions,
    keywords,
    license_label,
    python_versions,
)

MIT = "License :: OSI Approved :: MIT License"
GPL = "License :: OSI Approved :: GNU General Public License v2 (GPLv2)"


@pytest.mark.parametrize(
    ("expression", "classifiers", "text", "label"),
    [
        ("MIT OR Apache-2.0", [GPL], "BSD", "MIT OR Apache-2.0"),
        (None, [MIT], "The MIT License", "MIT License"),
        (None, [MIT, GPL, MIT], None, "MIT License, GNU General Public License v2 (GPLv2)"),
        (None, ["License :: OSI Approved"], "ZPL 2.1\n", "ZPL 2.1"),
        ("", [], "License :: OSI Approved :: ISC License", "ISC License"),
        (None, [], "License :: OSI Approved", None),
        (None, [], "UNKNOWN", None),
        (None, [], None, None),
        ("UNKNOWN", [], "  ", None),
        (5, [], "BSD  3-Clause", "BSD 3-Clause"),
        (None, ["License :: Other/Proprietary License"], "x" * 500, "Other/Proprietary License"),
    ],
)
def test_a_license_label(
    expression: object, classifiers: list[str], text: object, label: str | None
) -> None:
    assert license_label(expression, classifiers, text) == label


@pytest.mark.parametrize(
    "text",
    [
        "MIT License\n\nCopyright (c) 2024",
        "x" * 81,
        "LICENSE.txt",
        "see LICENSE file",
        "Copyright 2024 Jane Doe",
        ["MIT"],
    ],
)
def test_what_is_no_label_is_told(text: object) -> None:
    with pytest.raises(ValueError, match=r"is a|does not name"):
        license_label(None, [], text)


@needs_shared
def test_recorded_license_strings_are_short_labels_or_none() -> None:
    recorded = json.loads((SHARED / "corpus/hard/license-strings.json").read_text("utf-8"))
    refused = 0
    for text in recorded:
        try:
            label = license_label(None, [], text)
        except ValueError:
            refused += 1
            continue
        assert label is None or (0 < len(label) <= 80 and "\n" not in label)
    assert refused < len(recorded) * 0.06


@needs_shared
def test_recorded_license_texts_are_known_by_name_or_are_no_label() -> None:
    fields = json.loads((SHARED / "corpus/hard/text-fields.json").read_text("utf-8"))
    found: Counter[str] = Counter()
    for entry in fields["full-text-license"]:
        try:
            found[license_label(None, [], entry["value"]) or ""] += 1
        except ValueError as error:
            assert "not a label" in str(error)
            found["unknown"] += 1
    # By eye; unknown are a joke, a "Business Source" and a "Community" licence of their own.
    assert found == {
        **{"Apache-2.0": 12, "BSD-3-Clause": 5, "GPLv3": 2, "LGPLv3": 1, "LGPLv2.1": 1, "MIT": 1},
        "unknown": 3,
    }


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("(c) 2025 X\nPermission is hereby granted, free of\n charge, to any person obtaining a "
         "copy of this", "MIT"),
        ("(c) X\nRedistribution and use in source and binary forms, with", "BSD-2-Clause"),
        ("Permission to use, copy, modify, and/or distribute this software\nfor any", "ISC"),
        ("This is free and unencumbered software\nreleased into the public domain.", "Unlicense"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 2, June 1991", "GPLv2"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007", "AGPLv3"),
        ("Mozilla Public License Version 2.0\n====", "MPL-2.0"),
    ],
)  # fmt: skip
def test_the_whole_text_of_a_well_known_license_gives_its_name(text: str, label: str) -> None:
    assert license_label(None, [], text) == label
    assert license_label(None, [GPL], text) != label


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plone, Form  widget ,,plone", ["plone", "Form widget"]),
        ("plone form Plone", ["plone", "form"]),
        ("image analysis; napari", ["image analysis", "napari"]),
        ("a,b;c", ["a", "b;c"]),
        ('["a b", "c", 5]', ["a b", "c"]),
        ("['a b', 'c']", ["a b", "c"]),
        (["a", "b", "a", 5], ["a", "b"]),
        ("one\ntwo\r\nthree", ["one", "two", "three"]),
        ("", []),
        (None, []),
        ("UNKNOWN", []),
        ("[" * 5000 + "]", []),
    ],
)
def test_keywords(value: object, expected: list[str]) -> None:
    assert keywords(value) == expected


@pytest.mark.parametrize("value", [5, {"a": "b"}, True])
def test_keywords_of_another_type_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="not a text or list"):
        keywords(value)


@given(st.text(max_size=80))
def test_keywords_are_trimmed_and_each_once(text: str) -> None:
    found = keywords(text)
    assert all(word and word == word.strip() for word in found)
    assert len({word.casefold() for word in found}) == len(found)


def test_python_versions_come_in_order_without_only_and_implementations() -> None:
    classifiers = [
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.9",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.9",
        "Programming Language :: Python :: Implementation :: CPython",
        "Programming Language :: Python",
        "Programming Language :: Java :: 8",
    ]
    assert python_versions(classifiers) == ["Python 3", "Python 3.9", "Python 3.12"]


def test_framework_versions_name_their_framework() -> None:
    classifiers = [
        "Framework :: Plone :: 6.0",
        "Framework :: Plone :: 5.2",
        "Framework :: Plone :: Addon",
        "Framework :: Plone",
        "Framework :: Django CMS :: 3.11",
        "Framework :: Django CMS :: 3.4",
        "Framework :: Jupyter :: JupyterLab :: 4",
        "Topic :: Plone :: 6.0",
        "",
    ]
    assert framework_versions(classifiers) == [
        "Django CMS 3.4",
        "Django CMS 3.11",
        "JupyterLab 4",
        "Plone 5.2",
        "Plone 6.0",
    ]


@needs_shared
def test_versions_are_spelled_as_in_the_recorded_search_data() -> None:
    """Front ends filter by these labels; a label that differs finds nothing."""
    lines = (SHARED / "conformance/data/packages.jsonl").read_text("utf-8").splitlines()
    for line in lines:
        document = json.loads(line)
        classifiers = document["classifiers"]
        assert set(framework_versions(classifiers)) == set(document["framework_versions"])
        plain = {label for label in document["python_versions"] if "Only" not in label}
        assert set(python_versions(classifiers)) == plain
