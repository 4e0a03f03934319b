"""A catalogue entry: what it must say, and who may move it on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from jutong.catalogue import (
    Entry,
    FaultyEntry,
    Instrument,
    Item,
    LegalBasis,
    OpenType,
    Purpose,
    ShareCondition,
    ShareType,
    Stage,
    TermsOfUse,
    Theme,
    digest_of,
    entry_of_document,
    entry_to_document,
    template,
)
from jutong.guard import Method, parse_mask
from jutong.kernel.errors import Invalid, NotFound, Refused, WrongMoment
from jutong.terms import Actor, Duty, Grade

PROVIDER = "11500000MB16000001"
AUTHORITY = "11500000MB1R000005"
ENTRY_ID = "01KB0000000000000000000000"
NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
OFFICER = Actor(id="officer", org=PROVIDER, duties=frozenset({Duty.CATALOGUE}))
HEAD = Actor(id="head", org=PROVIDER, duties=frozenset({Duty.DEPARTMENT_HEAD}))
FIRST = Actor(id="first", org=AUTHORITY, duties=frozenset({Duty.REGISTER_AUDIT}))
SECOND = Actor(id="second", org=AUTHORITY, duties=frozenset({Duty.PUBLISH_AUDIT}))
LAW = LegalBasis(instrument=Instrument.LAW, title="中华人民共和国个人信息保护法", article="第二十八条")
RULE = LegalBasis(instrument=Instrument.LOCAL_RULE, title="重庆市政务数据资源管理暂行办法", article="第六条")


def an_entry(**changes: object) -> Entry:
    """Return the shipped entry with both assessments done, as a first draft."""
    ready = replace(template("enterprise_register", PROVIDER), secrecy_assessed=True, impact_assessed=True)
    return replace(ready, **changes).begun(ENTRY_ID, OFFICER, NOW)


def with_item(entry: Entry, name: str, /, **changes: object) -> Entry:
    """Return the entry with one item changed."""
    items = tuple(replace(item, **changes) if item.name == name else item for item in entry.items)
    return replace(entry, items=items)


def submitted(entry: Entry | None = None) -> Entry:
    """Return an entry that lies with the authority."""
    return (entry or an_entry()).signed(HEAD, NOW).submitted(OFFICER, NOW, due=date(2026, 1, 7))


def published(entry: Entry | None = None) -> Entry:
    """Return an entry in force."""
    return submitted(entry).registered(FIRST, NOW).published(SECOND, NOW)


def faults_of(entry: Entry) -> str:
    """Return everything that the head of the department would be told."""
    with pytest.raises(FaultyEntry) as refusal:
        entry.signed(HEAD, NOW)
    assert refusal.value.code == "invalid"
    assert refusal.value.remedy
    return "\n".join(map(str, refusal.value.faults))


def test_the_shipped_entry_needs_only_its_two_assessments() -> None:
    """Article 13: the department assesses secrecy and personal information before its head signs."""
    draft = template("enterprise_register", PROVIDER).begun(ENTRY_ID, OFFICER, NOW)
    assert faults_of(draft).count("\n") == 1
    assert "secrecy-risk" in faults_of(draft)
    assert published().stage is Stage.PUBLISHED


def test_the_shipped_entry_says_what_guards_and_gateways_need() -> None:
    """Key, region, grade and masks are all there."""
    entry = an_entry()
    assert (entry.key_item, entry.region_item, entry.grade) == ("uscc", "city", Grade.L3)
    assert entry.label.grade is Grade.L3
    assert entry.sheet.grade is Grade.L1
    assert entry.counts() == {"conditional": 3, "unconditional": 6}
    assert entry.share_type_of(["name", "uscc"]) is ShareType.UNCONDITIONAL
    assert entry.share_type_of(["name", "capital"]) is ShareType.CONDITIONAL
    for item in entry.items:
        parse_mask(item.standing_mask)
    with pytest.raises(Invalid, match="has no item phone"):
        entry.item("phone")


def test_there_is_no_template_outside_the_shipped_ones() -> None:
    """A template's name is a word, never a path."""
    for name in ("nothing", "../data/elements", "elements/", ""):
        with pytest.raises(NotFound):
            template(name, PROVIDER)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """Nobody corrects one fault only to be shown the next."""
    entry = an_entry(
        terms=TermsOfUse(share_type=ShareType.CONDITIONAL), methods=(), secrecy_assessed=False, open_type=OpenType.OPEN
    )
    told = faults_of(entry)
    for part in ("scope", "purposes", "its conditions", "share methods", "secrecy-risk", "may not be opened"):
        assert part in told


def test_data_under_conditions_lists_them_even_for_one_item() -> None:
    """Article 15, second paragraph, item by item."""
    entry = an_entry(terms=TermsOfUse(share_type=ShareType.UNCONDITIONAL))
    assert "needs the purposes" in faults_of(entry)


def test_unconditional_data_has_no_conditions() -> None:
    """Article 15: no conditions may be invented."""
    terms = replace(an_entry().terms, share_type=ShareType.UNCONDITIONAL)
    assert "may not list conditions" in faults_of(an_entry(terms=terms))


@pytest.mark.parametrize(
    ("reason", "basis", "told"),
    [
        ("", (LAW,), "needs a reason"),
        ("含个人隐私", (), "State Council decision"),
        ("含个人隐私", (RULE,), "ministerial and local rules do not suffice"),
        ("含个人隐私", (replace(LAW, article=" "),), "State Council decision"),
    ],
)
def test_sharing_is_refused_only_by_law(reason: str, basis: tuple[LegalBasis, ...], told: str) -> None:
    """Articles 14 and 15: a reason, and a law, an administrative regulation or a State Council decision."""
    whole = an_entry(
        terms=TermsOfUse(share_type=ShareType.NOT_SHARED, reason=reason, legal_basis=basis),
        items=tuple(replace(item, share_type=ShareType.NOT_SHARED) for item in an_entry().items),
    )
    assert told in faults_of(whole)
    one = with_item(an_entry(), "address", share_type=ShareType.NOT_SHARED, reason=reason, legal_basis=basis)
    assert told in faults_of(one)
    assert "address: " in faults_of(one)


def test_sharing_refused_by_law_can_be_signed() -> None:
    """With reason and citation, an item or a whole entry may be kept."""
    kept = {"share_type": ShareType.NOT_SHARED, "reason": "含个人隐私", "legal_basis": (LAW,)}
    assert with_item(an_entry(), "address", **kept).signed(HEAD, NOW).stage is Stage.SIGNED
    items = tuple(replace(item, share_type=ShareType.NOT_SHARED) for item in an_entry().items)
    assert an_entry(terms=TermsOfUse(**kept), items=items, methods=()).signed(HEAD, NOW)


def test_an_entry_that_is_not_shared_shares_no_item() -> None:
    """The whole cannot be kept while a part is given."""
    terms = TermsOfUse(share_type=ShareType.NOT_SHARED, reason="秘密", legal_basis=(LAW,))
    assert "is shared, but the entry is not" in faults_of(an_entry(terms=terms))


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("address", {"share_type": ShareType.UNCONDITIONAL}, "under conditions at most"),
        ("name", {"key": True}, "one key item"),
        ("uscc", {"key": False}, "need a key item"),
        (
            "uscc",
            {"share_type": ShareType.NOT_SHARED, "reason": "x", "legal_basis": (LAW,)},
            "is the key, but is not shared",
        ),
    ],
)
def test_items_fit_their_entry(name: str, changes: dict[str, object], told: str) -> None:
    """What cannot be delivered as declared is told before it is signed."""
    assert told in faults_of(with_item(an_entry(), name, **changes))


def test_a_method_needs_an_item_that_may_leave_by_it() -> None:
    """Grade L4 is never handed over as a table."""
    items = tuple(replace(item, grade=Grade.L4, share_type=ShareType.CONDITIONAL) for item in an_entry().items)
    told = faults_of(an_entry(items=items, methods=(Method.QUERY, Method.TABLE)))
    assert "method table" in told
    assert "method query" not in told


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "企业\u202e登记"},
        {"title": "企业\x00登记"},
        {"title": "a\nb"},
        {"title": "\ud800"},
        {"title": "x" * 201},
        {"abstract": "x" * 4001},
        {"service": "Enterprise"},
        {"service": "a/b"},
        {"service": "-a"},
        {"service": "a" * 64},
        {"provider": "重庆市市场监管局"},
        {"resource_codes": ("9",)},
        {"classified": True},
        {"terms": TermsOfUse(share_type=ShareType.UNCONDITIONAL, scope=("\x1b[31m",))},
        {"terms": TermsOfUse(share_type=ShareType.UNCONDITIONAL, scope=("x",) * 51)},
        {"terms": TermsOfUse(share_type=ShareType.UNCONDITIONAL, legal_basis=(replace(LAW, title=""),))},
    ],
)
def test_what_hides_or_breaks_is_not_even_drafted(changes: dict[str, object]) -> None:
    """Text is stored as it was typed, so it may not reorder, hide or end what others read."""
    with pytest.raises(FaultyEntry):
        an_entry(**changes).check_form()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "name; drop table x"},
        {"name": "Name"},
        {"name": "1st"},
        {"name": ""},
        {"name": "uscc"},
        {"element": "../x"},
        {"length": 0},
        {"mask": "keep:3"},
        {"title": " "},
    ],
)
def test_an_items_name_is_safe_as_a_column(changes: dict[str, object]) -> None:
    """Item names reach SQL, files and URLs."""
    with pytest.raises(FaultyEntry):
        with_item(an_entry(), "name", **changes).check_form()


def test_markup_and_formulas_are_kept_as_they_are() -> None:
    """Escaping belongs to the page or the file that shows them."""
    an_entry(title="=cmd|'/c calc'!A1 <script>alert(1)</script> '; --").check_form()


def test_a_classified_entry_is_a_placeholder() -> None:
    """Article 3: state secrets are outside; the placeholder says nothing and goes nowhere."""
    placeholder = Entry(
        id="",
        provider=PROVIDER,
        title="涉密数据（占位）",
        classified=True,
        terms=TermsOfUse(share_type=ShareType.NOT_SHARED),
    ).begun(ENTRY_ID, OFFICER, NOW)
    placeholder.check_form()
    with pytest.raises(Invalid, match="goes no further"):
        placeholder.signed(HEAD, NOW)
    with pytest.raises(FaultyEntry):
        replace(placeholder, items=an_entry().items).check_form()


def test_two_audits_need_two_persons() -> None:
    """The one who registered does not publish."""
    registered = submitted().registered(FIRST, NOW)
    with pytest.raises(Invalid, match="nobody audits"):
        registered.published(FIRST, NOW)
    assert registered.published(SECOND, NOW).stage is Stage.PUBLISHED


@pytest.mark.parametrize("hand", [OFFICER, HEAD])
def test_nobody_audits_what_they_prepared(hand: Actor) -> None:
    """A person with a second post at the authority is still the same person."""
    colleague = replace(hand, org=AUTHORITY)
    with pytest.raises(Invalid, match="nobody audits"):
        submitted().registered(colleague, NOW)
    with pytest.raises(Invalid, match="nobody audits"):
        submitted().registered(FIRST, NOW).published(colleague, NOW)


def test_conditions_in_free_words_are_accepted_expressly() -> None:
    """Article 15: the authority looks at every condition that is not on the list."""
    terms = replace(an_entry().terms, other_conditions=("须经本局局长书面批准",))
    entry = submitted(an_entry(terms=terms))
    with pytest.raises(Invalid, match="1 condition is not on the list"):
        entry.registered(FIRST, NOW)
    assert entry.registered(FIRST, NOW, other_conditions_accepted=True).stage is Stage.REGISTERED


def test_an_entry_comes_back_with_reasons_and_starts_again() -> None:
    """The same version is corrected, signed again and audited again, also by the same auditors."""
    returned = submitted().registered(FIRST, NOW).returned(("缺少更新周期说明",), SECOND, NOW)
    assert returned.audit_due is None
    again = returned.redrafted(replace(returned, abstract="已补充"), OFFICER, NOW)
    assert (again.stage, again.version) == (Stage.DRAFT, 1)
    assert submitted(again).registered(FIRST, NOW).published(SECOND, NOW).round == 2
    for reasons in ((), ("",), ("x",) * 51, ("\x00",)):
        with pytest.raises(FaultyEntry):
            submitted().returned(reasons, FIRST, NOW)


def test_a_new_version_begins_while_the_published_one_stands() -> None:
    """Article 17: the catalogue is kept up to date; the service name stays, because systems call it."""
    first = published()
    second = first.redrafted(replace(first, abstract="更新"), OFFICER, NOW)
    assert (second.version, second.stage, second.round) == (2, Stage.DRAFT, 0)
    with pytest.raises(Invalid, match="service name of an entry stays"):
        first.redrafted(replace(first, service="other"), OFFICER, NOW)
    with pytest.raises(Invalid, match="service name of an entry stays"):
        second.redrafted(replace(first, service="other"), OFFICER, NOW)


def test_the_same_draft_again_changes_nothing() -> None:
    """An officer who saves twice has one draft; whatever the form says of stages is ignored."""
    entry = published()
    assert entry.redrafted(replace(entry, stage=Stage.DRAFT, version=9, moves=()), OFFICER, NOW) is entry


def test_doing_a_step_twice_with_the_same_hand_changes_nothing() -> None:
    """A second click is not a second act."""
    signed = an_entry().signed(HEAD, NOW)
    assert signed.signed(HEAD, NOW) is signed
    with pytest.raises(WrongMoment):
        signed.signed(replace(HEAD, id="deputy"), NOW)


def test_steps_come_in_order() -> None:
    """From every stage only the lawful next steps are open; the others are refused and change nothing."""
    steps = {
        Stage.SIGNED: lambda entry: entry.signed(HEAD, NOW),
        Stage.SUBMITTED: lambda entry: entry.submitted(OFFICER, NOW, due=date(2026, 1, 7)),
        Stage.REGISTERED: lambda entry: entry.registered(FIRST, NOW),
        Stage.PUBLISHED: lambda entry: entry.published(SECOND, NOW),
        Stage.RETURNED: lambda entry: entry.returned(("x",), SECOND, NOW),
        Stage.WITHDRAWN: lambda entry: entry.withdrawn("x", HEAD, NOW),
    }
    lawful = {
        Stage.DRAFT: {Stage.SIGNED, Stage.WITHDRAWN},
        Stage.SIGNED: {Stage.SUBMITTED, Stage.WITHDRAWN},
        Stage.SUBMITTED: {Stage.REGISTERED, Stage.RETURNED, Stage.WITHDRAWN},
        Stage.REGISTERED: {Stage.PUBLISHED, Stage.RETURNED, Stage.WITHDRAWN},
        Stage.PUBLISHED: {Stage.WITHDRAWN},
        Stage.RETURNED: {Stage.WITHDRAWN},
        Stage.WITHDRAWN: set(),
    }
    at = {
        Stage.DRAFT: an_entry(),
        Stage.SIGNED: an_entry().signed(HEAD, NOW),
        Stage.SUBMITTED: submitted(),
        Stage.REGISTERED: submitted().registered(FIRST, NOW),
        Stage.PUBLISHED: published(),
        Stage.RETURNED: submitted().returned(("x",), SECOND, NOW),
        Stage.WITHDRAWN: published().withdrawn("x", HEAD, NOW),
    }
    for stage, entry in at.items():
        for target, step in steps.items():
            try:
                moved = step(entry)
            except Refused:
                assert target not in lawful[stage], (stage, target)
            else:
                assert moved is entry or target in lawful[stage], (stage, target)


def test_a_signed_entry_cannot_be_changed_under_the_authoritys_eyes() -> None:
    """What the head signed is what the authority audits."""
    for entry in (an_entry().signed(HEAD, NOW), submitted(), submitted().registered(FIRST, NOW)):
        with pytest.raises(WrongMoment):
            entry.redrafted(replace(entry, abstract="另一个"), OFFICER, NOW)


def test_two_contents_in_one_round_are_a_forgery() -> None:
    """A neighbour tier cannot publish what the department's head did not sign."""
    altered = replace(published(), abstract="另一个")
    with pytest.raises(Invalid, match="another content"):
        altered.adopted_over(submitted())
    assert published().adopted_over(submitted()) == published()
    assert submitted().adopted_over(published()) == published()


@pytest.mark.parametrize(
    "forged",
    [
        an_entry(),
        an_entry().signed(HEAD, NOW),
        replace(an_entry(), stage=Stage.PUBLISHED),
        replace(published(), moves=published().moves[:-1]),
        replace(published(), moves=(published().moves[0], published().moves[-1])),
        replace(published(), moves=tuple(replace(move, by="one") for move in published().moves)),
        replace(published(), moves=published().moves[1:]),
        replace(published(), items=()),
        an_entry().withdrawn("x", HEAD, NOW),
    ],
)
def test_an_entry_that_could_not_have_come_by_its_stage_is_refused(forged: Entry) -> None:
    """A tier takes over only what went the lawful way, with every step told."""
    with pytest.raises(Refused):
        forged.adopted_over(None)


def test_the_json_spelling_says_everything_and_nothing_else() -> None:
    """What is spelled is read back; an unknown member is refused, wherever it hides."""
    entry = published()
    document = entry_to_document(entry)
    assert entry_of_document(document) == entry
    item, *items = document["items"]
    for wrong in (
        {**document, "colour": "red"},
        {**document, "items": [{**item, "colour": "red"}, *items]},
        {**document, "terms": {**document["terms"], "colour": "red"}},
        {**document, "profile": "jutong-entry-2"},
        {**document, "version": 0},
        {**document, "version": 2**70},
        {**document, "stage": "done"},
        {**document, "items": [{**item, "grade": 5}, *items]},
        {**document, "items": [{**item, "grade": 1.5}, *items]},
        {**document, "moves": [{**document["moves"][0], "at": "2026-01-01T00:00:00"}]},
        {name: part for name, part in document.items() if name != "terms"},
        [],
        None,
        "entry",
    ):
        with pytest.raises(Invalid):
            entry_of_document(wrong)


def test_a_theme_is_said_only_where_it_is_given() -> None:
    """Without one a sheet keeps the digest of before there were themes; given, it travels; unknown ones are refused."""
    entry = an_entry()
    assert "theme" not in entry_to_document(entry)
    told = replace(entry, theme=Theme.TRANSPORT)
    document = entry_to_document(told)
    assert entry_of_document(document) == told
    assert digest_of(told) != digest_of(entry)
    with pytest.raises(Invalid, match="cannot be read"):
        entry_of_document({**document, "theme": "cattle"})


def test_the_digest_is_of_what_the_head_signed() -> None:
    """The same from the signature to the publication; another as soon as a word changes."""
    entry = an_entry()
    assert digest_of(published(entry)) == digest_of(entry)
    assert digest_of(replace(entry, abstract="另一个")) != digest_of(entry)


def test_an_item_without_a_mask_has_the_one_of_its_grade() -> None:
    """Grave items leave masked unless somebody decides otherwise."""
    item = Item(name="phone", title="联系电话", share_type=ShareType.CONDITIONAL, grade=Grade.L4)
    assert item.standing_mask == "drop"
    assert replace(item, mask="keep:3:4").standing_mask == "keep:3:4"


def test_vocabularies_are_spelled_for_the_network() -> None:
    """Purposes and conditions travel in headers and URLs: lower-case words and hyphens."""
    for word in (*Purpose, *ShareCondition, *Stage, *ShareType):
        assert word.value.replace("-", "").isalnum()
        assert word.value == word.value.lower()
