"""JUnit XML: suites of cases as values, and the document that CI systems read.

There is no standard. What is written here is what Ant's JUnit task wrote first and Jenkins, GitLab
and GitHub's actions read; https://github.com/testmoapp/junitxml lists it. Nothing in it depends on
the time or the machine, so the same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias
from xml.etree import ElementTree

from rustabi.report.page import clean

Result: TypeAlias = Literal["passed", "failure", "error", "skipped"]

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Case(NamedTuple):
    """A test case.

    Attributes:
        classname: The group it belongs to.
        name: What was tested; with the group it tells a case from others, in later runs too.
        result: What came of it: ``failure`` says no, ``error`` that no answer could be had,
            ``skipped`` that it was not checked.
        kind: The kind of failure, in a word.
        message: Why, in a sentence; empty where it passed.
        text: Why, in lines.
        output: What else is worth knowing, in lines.
    """

    classname: str
    name: str
    result: Result = "passed"
    kind: str = ""
    message: str = ""
    text: str = ""
    output: str = ""


class Suite(NamedTuple):
    """A test suite.

    Attributes:
        name: What was tested.
        cases: In the order in which they are written.
        properties: Facts: name, value.
        output: What else is worth knowing, in lines.
    """

    name: str
    cases: Sequence[Case]
    properties: Sequence[tuple[str, str]] = ()
    output: str = ""


def document(suites: Iterable[Suite]) -> str:
    """The suites as one document."""
    found = list(suites)
    root = ElementTree.Element("testsuites", name="rustabi")
    _count(root, [case for suite in found for case in suite.cases])
    for suite in found:
        root.append(_suite(suite))
    ElementTree.indent(root)
    return f"{_DECLARATION}{ElementTree.tostring(root, encoding='unicode')}\n"


def _count(element: ElementTree.Element, cases: Sequence[Case]) -> None:
    results = [each.result for each in cases]
    element.set("tests", str(len(results)))
    element.set("failures", str(results.count("failure")))
    element.set("errors", str(results.count("error")))
    if element.tag == "testsuite":
        element.set("skipped", str(results.count("skipped")))
    element.set("time", "0")


def _suite(suite: Suite) -> ElementTree.Element:
    element = ElementTree.Element("testsuite", name=clean(suite.name))
    _count(element, suite.cases)
    if suite.properties:
        properties = ElementTree.SubElement(element, "properties")
        for name, value in suite.properties:
            ElementTree.SubElement(properties, "property", name=clean(name), value=clean(value))
    for case in suite.cases:
        element.append(_case(case))
    _text(element, "system-out", suite.output)
    return element


def _case(case: Case) -> ElementTree.Element:
    element = ElementTree.Element(
        "testcase", classname=clean(case.classname), name=clean(case.name), time="0"
    )
    if case.result != "passed":
        told = ElementTree.SubElement(element, case.result, message=clean(case.message))
        if case.kind:
            told.set("type", clean(case.kind))
        told.text = _clean_lines(case.text or case.message)
    _text(element, "system-out", case.output)
    return element


def _text(element: ElementTree.Element, tag: str, text: str) -> None:
    if text:
        ElementTree.SubElement(element, tag).text = _clean_lines(text)


def _clean_lines(text: str) -> str:
    """Lines of which each is without control characters, of which XML forbids most."""
    return "\n".join(map(clean, text.split("\n")))
