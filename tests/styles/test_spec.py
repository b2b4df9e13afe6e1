import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import StyleError
from impasto.styles.spec import StyleSpec, is_name, is_style_name, parse_spec

names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True).filter(is_style_name)
parts = st.lists(
    st.tuples(names, st.floats(1e-30, 1e300)),
    min_size=1,
    max_size=6,
    unique_by=lambda part: part[0],
)


def test_a_name_alone_is_a_spec() -> None:
    """`NAME` is that style with weight 1."""
    assert parse_spec(" great-wave ").parts == (("great-wave", 1.0),)
    assert str(parse_spec("scream")) == "scream"


def test_the_photo_is_a_spec_of_its_own() -> None:
    """`photo` is read and written like a style, and is none."""
    spec = parse_spec(" photo ")
    assert spec.is_photo
    assert str(spec) == "photo"
    assert spec == parse_spec("photo:2")
    assert not parse_spec("photos").is_photo


def test_a_mix_is_normalised() -> None:
    """Weights are given in any unit and sum to 1 afterwards, in the order given."""
    spec = parse_spec("scream:3, wave : 1")
    assert spec.names == ("scream", "wave")
    assert spec.weights == pytest.approx((0.75, 0.25))
    assert str(spec) == "scream:0.75,wave:0.25"


@given(parts)
def test_every_written_mix_is_read_back(given_parts: list[tuple[str, float]]) -> None:
    """A spec that is written as text parses to the same names and normalised weights."""
    spec = parse_spec(",".join(f"{name}:{weight!r}" for name, weight in given_parts))
    assert spec.names == tuple(name for name, _ in given_parts)
    assert sum(spec.weights) == pytest.approx(1.0)
    assert spec == StyleSpec(tuple(given_parts))


@given(st.text(max_size=80))
def test_any_text_is_a_spec_or_one_error(text: str) -> None:
    """No text makes anything but a spec or a StyleError of one short line."""
    outcome = spec_or_message(text)
    if isinstance(outcome, str):
        assert outcome.isprintable()
        assert len(outcome) < 300
    else:
        assert all(is_name(name) for name in outcome.names)


def spec_or_message(text: str) -> StyleSpec | str:
    """What parsing gives: a spec, or the message of its only error."""
    try:
        return parse_spec(text)
    except StyleError as error:
        return str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no style name"),
        ("Scream", "'Scream'"),
        ("../scream", "no style name"),
        ("-scream", "no style name"),
        ("a" * 65, "at most 64"),
        ("scream,wave", "'scream' has no weight"),
        ("scream:1,", "has no weight"),
        ("scream:", "not a positive number"),
        ("scream:-1,wave:2", "'-1' is not a positive number"),
        ("scream:nan,wave:1", "not a positive number"),
        ("scream:inf,wave:1", "not a positive number"),
        ("scream:1_0,wave:1", "not a positive number"),
        ("scream:1e999,wave:1", "must be above 0|is inf"),
        ("scream:0,wave:0", "must be above 0"),
        ("scream:1:2,wave:1", "not a positive number"),
        ("scream:1,scream:2", "given 2 times"),
        ("scr\x1beam", "no style name"),
        ("photo:1,scream:1", "'photo' stands for the photo itself: .* cannot be mixed"),
    ],
)
def test_a_bad_spec_says_what_was_wrong(text: str, message: str) -> None:
    """Each kind of bad spec is refused with the piece that was wrong."""
    with pytest.raises(StyleError, match=message):
        parse_spec(text)


def test_an_empty_spec_is_refused() -> None:
    """A spec made in code is checked like one that is parsed."""
    with pytest.raises(StyleError, match="no style is given"):
        StyleSpec(())
    with pytest.raises(StyleError, match="must be above 0"):
        StyleSpec((("scream", float("nan")),))
