# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration file: what is read, and what is refused with its line."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix import config
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.config import HotfixConfig, load_config
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.errors import HotfixConfigError
from ansible_collections.cluster_aware.updating.plugins.module_utils._cau.hotfix.rules import ExitConditions, Rule, signed32
from ansible_collections.cluster_aware.updating.plugins.module_utils._errors import Outcome
from hypothesis import given
from hypothesis import strategies as st

SAMPLE = Path(__file__).parents[3] / "files" / "hotfix" / "DefaultHotfixConfig.xml"

TEMPLATE = r'<Template path="C:\w.exe" parameters="$update$ /q"/>'
EXITS = "<ExitConditions><Success>0</Success></ExitConditions>"


def load(text: str) -> HotfixConfig:
    return load_config(text.encode(), "c.xml")


def rule_text(template: str = TEMPLATE, exits: str = EXITS, attributes: str = 'name="MSU"') -> str:
    return f"<r><ExtensionRules>\n<Extension {attributes}>\n{template}\n{exits}\n</Extension>\n</ExtensionRules></r>"


def only_rule(text: str) -> Rule:
    (rule,) = load(text).extension_rules.values()
    return rule


def success(exits: str) -> set[int]:
    return set(only_rule(rule_text(exits=f"<ExitConditions>{exits}</ExitConditions>")).exits.success)


def refusal(text: str | bytes) -> HotfixConfigError:
    with pytest.raises(HotfixConfigError) as raised:
        load_config(text if isinstance(text, bytes) else text.encode(), "c.xml")
    return raised.value


# --- the sample --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extension", "program", "parameters", "exits"),
    [
        (
            "msu",
            r"%systemroot%\System32\wusa.exe",
            "$update$ /quiet /norestart",
            ExitConditions(
                frozenset({0}), frozenset({3010, 2359301}), already_installed=frozenset({2359302}), not_applicable=frozenset({-2145124329})
            ),
        ),
        (
            "msi",
            r"%systemroot%\System32\msiexec.exe",
            "/i $update$ /qn /norestart",
            ExitConditions(frozenset({0}), frozenset({3010, 1641}), not_applicable=frozenset({1633})),
        ),
        (
            "msp",
            r"%systemroot%\System32\msiexec.exe",
            "/update $update$ /qn /norestart",
            ExitConditions(frozenset({0}), frozenset({3010, 1641}), not_applicable=frozenset({1642})),
        ),
    ],
)
def test_the_sample_holds_the_rule(extension: str, program: str, parameters: str, exits: ExitConditions) -> None:
    rule = load_config(SAMPLE.read_bytes(), SAMPLE.name).rule_for_extension(extension)
    assert rule == Rule(extension.upper(), is_folder_rule=False, program=program, parameters=parameters, exits=exits)


def test_the_sample_holds_nothing_else() -> None:
    found = load_config(SAMPLE.read_bytes(), SAMPLE.name)
    assert (sorted(found.extension_rules), dict(found.folder_rules), found.warnings) == (["msi", "msp", "msu"], {}, ())


def test_the_commented_folder_rule_of_the_sample_is_one() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    start = text.index("<FolderRules>")
    active = f"<r>{text[start : text.index('-->', start)]}</r>"
    rule = load(active).rule_for_folder("folderrule1")
    assert rule is not None
    assert rule.runs_the_hotfix
    assert rule.always_reboot


# --- tolerance ---------------------------------------------------------------------------------------------------


FOLDER = f'<FolderRules><Folder name="Firmware">{TEMPLATE}{EXITS}</Folder></FolderRules>'


@pytest.mark.parametrize(
    "text",
    [
        f"<a><DefaultRules>{FOLDER}</DefaultRules></a>",
        f"<a><DefaultRules/>{FOLDER}</a>",
        FOLDER,
        f'<a xmlns="urn:any">{FOLDER}</a>',
        f'<x:a xmlns:x="urn:any" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="u v">{FOLDER}</x:a>',
        f"<a>{FOLDER}</a>".replace("FolderRules", "FOLDERrules").replace("Template path", "template PATH").replace("Success", "SUCCESS"),
        f'<?xml version="1.0" encoding="utf-16"?><a>{FOLDER}</a>',
    ],
)
def test_a_folder_rule_is_found_wherever_it_may_stand(text: str) -> None:
    found = load(text)
    rule = found.rule_for_folder("FIRMWARE")
    assert rule is not None
    assert (rule.name, rule.is_folder_rule, sorted(rule.exits.success), found.warnings) == ("Firmware", True, [0], ())


@pytest.mark.parametrize(
    "exits",
    [
        "<Success>0 7</Success>",
        "<Success>0,7</Success>",
        "<Success> 0; 7 </Success>",
        "<Success>0</Success><Success>7</Success>",
        '<Success code="0"/><Success codes="7"/>',
        '<Success value="0 7"/>',
        "<Success><Code>0</Code><Code>7</Code></Success>",
        '<Success><Code value="0"/><Code value="0x7"/></Success>',
        '<Success><ExitCode number="0"/><ExitCode number="7" description="fine"/></Success>',
        '<Success><Codes><Code value="0">installed</Code><Code value="7">also</Code></Codes></Success>',
        '<Success count="2">0 7</Success>',
        '<Success count="2"><Code id="1">0</Code><Code id="2">7</Code></Success>',
        '<Success value="7">0</Success>',
    ],
)
def test_exit_codes_are_read_in_every_form(exits: str) -> None:
    assert success(exits) == {0, 7}


@pytest.mark.parametrize(
    "encoded",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
    ],
)
def test_a_file_is_read_in_each_encoding(encoded: object) -> None:
    assert callable(encoded)
    text = f'<r><FolderRules><Folder name="Übung">{TEMPLATE}{EXITS}</Folder></FolderRules></r>'
    assert load_config(encoded(text), "c.xml").rule_for_folder("ÜBUNG") is not None


def test_a_template_of_child_elements_is_read() -> None:
    rule = only_rule(rule_text(r"<Template><Path> C:\w.exe </Path><Parameters>$update$ /q</Parameters></Template>"))
    assert (rule.program, rule.parameters) == (r"C:\w.exe", "$update$ /q")


@pytest.mark.parametrize("name", ["MSU", ".msu", " msu "])
def test_an_extension_is_found_with_and_without_its_dot(name: str) -> None:
    found = load(rule_text(attributes=f'name="{name}"'))
    assert found.rule_for_extension("msu") is found.rule_for_extension(".MSU") is not None


@pytest.mark.parametrize(
    ("written", "program"),
    [
        (r"C:\Program Files\w.exe", r"C:\Program Files\w.exe"),
        (r"&quot;C:\Program Files\w.exe&quot;", r"C:\Program Files\w.exe"),
        (r"%ProgramFiles(x86)%\w.exe", r"%ProgramFiles(x86)%\w.exe"),
        (r"\\server\tools$\w.exe", r"\\server\tools$\w.exe"),
        ("$update$", "$update$"),
        ("&quot;$update$&quot;", "$update$"),
    ],
)
def test_a_complete_path_is_taken_without_its_quotation_marks(written: str, program: str) -> None:
    assert only_rule(rule_text(f'<Template path="{written}" parameters="$update$"/>')).program == program


def test_quotation_marks_around_the_update_are_removed() -> None:
    rule = only_rule(rule_text(r"""<Template path="C:\w.exe" parameters='/i "$update$" /l "a b" PATCH="$update$"'/>"""))
    assert rule.parameters == '/i $update$ /l "a b" PATCH=$update$'


@pytest.mark.parametrize(
    ("attribute", "value"), [("", False), ('alwaysReboot="true"', True), ('ALWAYSREBOOT="1"', True), ('alwaysReboot="False"', False)]
)
def test_always_reboot_is_read(attribute: str, value: bool) -> None:
    text = FOLDER.replace('name="Firmware"', f'name="Firmware" {attribute}')
    assert load(text).folder_rules["firmware"].always_reboot is value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rule_text(r'<Template path="C:\w.exe" parameters="/q"/>'), "never learns"),
        (rule_text(r"""<Template path="C:\w.exe" parameters='"/p:$update$"'/>"""), "quotation marks"),
        (rule_text(r'<Template path="C:\w.exe" parameters="$update$" timeout="5"/>'), "timeout"),
        (rule_text(exits=EXITS + "<Note/>"), "<Note>"),
        (rule_text(attributes='name="MSU" colour="red"'), "colour"),
        (rule_text(attributes='name="MSU" alwaysReboot="true"'), "alwaysReboot"),
        (f"<r><Extra>{FOLDER}</Extra></r>", "<Extra>"),
    ],
)
def test_what_looks_wrong_but_can_be_meant_is_warned_about(text: str, words: str) -> None:
    (warning,) = load(text).warnings
    assert words in warning
    assert warning.startswith("c.xml, line ")


def test_quotation_marks_that_are_closed_before_the_update_are_fine() -> None:
    assert load(rule_text(r"""<Template path="C:\w.exe" parameters='/l "a b" $update$'/>""")).warnings == ()


def test_attributes_of_xml_schema_are_no_part_of_a_rule() -> None:
    schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x" xml:space="preserve"'
    assert load(rule_text(rf'<Template {schema} path="C:\w.exe" parameters="$update$"/>')).warnings == ()


def test_a_rule_that_runs_the_hotfix_itself_needs_no_update_in_its_parameters() -> None:
    assert load(rule_text('<Template path="$update$"/>')).warnings == ()


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "not well-formed"),
        ("hello", 1, "not well-formed"),
        ("<r>\n<a></r>", 2, "not well-formed XML (mismatched tag, column 6)"),
        ("<r>\n</r><r/>", 2, "not well-formed"),
        ('<!DOCTYPE r [<!ENTITY a "b">]>\n<r>&a;</r>', 1, "document type"),
        ("\n\n<!DOCTYPE r>\n<r/>", 3, "document type"),
        ('<?xml version="1.0" encoding="windows-1252"?><r/>', 1, "windows-1252"),
        (b"<r>\n\xff</r>", 2, "not the UTF-8"),
        (codecs.BOM_UTF16_LE + b"<\x00r", 1, "not the UTF-16 that it begins as"),
        ("<r/>", 1, "no rule"),
        ("<r>\n<ExtensionRules/></r>", 1, "no rule"),
        (f'<Folder name="a">{TEMPLATE}{EXITS}</Folder>', 1, "without the elements"),
        (rule_text(attributes=""), 2, "no name"),
        (rule_text(attributes='name="."'), 2, "no name"),
        (rule_text(attributes='name="tar.gz"'), 2, "no extension"),
        (rule_text(attributes='name="a/b"'), 2, "'a/b' cannot be the name of a file extension"),
        (FOLDER.replace("Firmware", "a?"), 1, "'a?' cannot be the name of a folder"),
        (rule_text(r"""<Template path='"' parameters="$update$"/>"""), 3, "quotation mark"),
        (rule_text(attributes='name="MSU" NAME="MSI"'), 2, "NAME twice"),
        (rule_text(attributes='name="MSU" alwaysReboot="maybe"'), 2, "alwaysReboot"),
        (rule_text(template=""), 2, "no Template"),
        (rule_text(template=TEMPLATE + "\n" + TEMPLATE), 4, "two elements Template"),
        (rule_text(template='<Template parameters="$update$"/>'), 3, "no path"),
        (rule_text(template=r'<Template path="C:\a"><path>C:\b</path></Template>'), 3, "path twice"),
        (rule_text(template='<Template path="wusa.exe" parameters="$update$"/>'), 3, "not complete"),
        (rule_text(template='<Template path="C:w.exe" parameters="$update$"/>'), 3, "not complete"),
        (rule_text(template='<Template path="C:/w.exe" parameters="$update$"/>'), 3, "not complete"),
        (rule_text(template=r'<Template path="\w.exe" parameters="$update$"/>'), 3, "not complete"),
        (rule_text(template=r"""<Template path='"C:\w.exe" /q' parameters="$update$"/>"""), 3, "quotation mark"),
        (rule_text(template=r'<Template path="$update$\setup.exe"/>'), 3, "alone"),
        (rule_text(template='<Template path="$UPDATE$"/>'), 3, "$UPDATE$"),
        (rule_text(template=r'<Template path="C:\w.exe" parameters="$Update$"/>'), 3, "$Update$"),
        (rule_text(exits=""), 2, "Success"),
        (rule_text(exits="<ExitConditions/>"), 4, "Success"),
        (rule_text(exits="<ExitConditions><Success/></ExitConditions>"), 4, "Success"),
        (rule_text(exits="<ExitConditions><Success>0</Success>\n<Sucess>1</Sucess></ExitConditions>"), 5, "unknown exit condition Sucess"),
        (rule_text(exits="<ExitConditions><Success>0</Success>\n<NotApplicable>0x0</NotApplicable></ExitConditions>"), 5, "line 4 on"),
        (rule_text(exits="<ExitConditions><Success>\n<Code>zero</Code></Success></ExitConditions>"), 5, "'zero'"),
        (rule_text(exits="<ExitConditions><Success>4294967296</Success></ExitConditions>"), 4, "32 bits"),
        (rule_text(exits='<ExitConditions><Success code="x"/></ExitConditions>'), 4, "'x'"),
        (rule_text(exits="<ExitConditions><Success>0\n<Code/></Success></ExitConditions>"), 5, "holds no exit code"),
        (rule_text(exits='<ExitConditions><Success><Code min="0" max="9"/></Success></ExitConditions>'), 4, "min, max"),
        (rule_text(exits="<ExitConditions><Success>0<NotApplicable>1</NotApplicable></Success></ExitConditions>"), 4, "stands in Success"),
        (f"<r>{FOLDER}\n{FOLDER.replace('Firmware', 'FIRMWARE')}</r>", 2, "two folder rules"),
        (f"<ExtensionRules>\n<Ext>{TEMPLATE}</Ext></ExtensionRules>", 2, "each is <Extension>"),
        (f'<ExtensionRules>\n<Folder name="a">{TEMPLATE}{EXITS}</Folder></ExtensionRules>', 2, "cannot stand in"),
        ("<a>\n" * 33 + "</a>" * 33, 33, "nested more than 32"),
        ("<a>" * 32 + "</a>" * 32, 1, "no rule"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_file_line_and_reason(text: str | bytes, line: int, words: str) -> None:
    error = refusal(text)
    assert words in error.reason
    assert error.line == line
    assert error.message.startswith("c.xml")


def test_a_file_that_is_too_long_is_refused() -> None:
    assert "longer than" in refusal(b" " * (config.CONFIG_LIMIT + 1)).reason


def test_a_refusal_says_that_nothing_was_done_and_how_to_mend_it() -> None:
    error = refusal("<r/>")
    assert (error.outcome, bool(error.remedy)) == (Outcome.NOT_DONE, True)


# --- properties --------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_garbage_ends_in_nothing_but_the_typed_error(data: bytes) -> None:
    refusal(data)


@given(st.data())
def test_a_damaged_sample_is_read_or_refused_with_the_typed_error(data: st.DataObject) -> None:
    text = bytearray(SAMPLE.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=4)):
        text[place] = data.draw(st.integers(0, 255))
    try:
        load_config(bytes(text), "c.xml")
    except HotfixConfigError as error:
        assert error.line is not None  # noqa: PT017


numbers = st.integers(min_value=-(2**31), max_value=2**32 - 1)


@given(st.sets(numbers, min_size=1, max_size=8), st.sampled_from([" ", ",", ";", " , ", "\n"]), st.sampled_from([str, hex]))
def test_exit_codes_read_back(codes: set[int], separator: str, written: object) -> None:
    assert callable(written)
    texts = [str(code) if code < 0 else written(code) for code in codes]
    assert success(f"<Success>{separator.join(texts)}</Success>") == {signed32(code) for code in codes}
