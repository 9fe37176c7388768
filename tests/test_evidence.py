"""Evidence as data: what ships agrees with the collected material, and what is bad is refused."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
import yaml

from priors import EvidenceError, EvidenceLibrary, EvidenceRecord, Source, load_evidence
from priors.cite import citation
from priors.quantities import Use
from twin.instruments import instruments

ROOT = Path(__file__).resolve().parents[1]
MARK = "recalled, to be verified"

SOURCES: dict[str, Any] = {
    "doe2020": {"title": "A trial", "authors": "Doe", "year": 2020, "read": ["abs"]},
}
RECORD: dict[str, Any] = {
    "key": "app_rmdq_difference",
    "row": "1.2",
    "quantity": "mean_difference",
    "what": "difference in disability",
    "instrument": "rmdq",
    "comparison": {"treatment": "app", "control": "usual_care"},
    "weeks": 13,
    "time_as_published": "3 months",
    "unit": "points",
    "estimate": 0.79,
    "lower": 0.06,
    "upper": 1.51,
    "favours": "app",
    "source": "doe2020",
    "status": "read",
    "confidence": "H",
    "use": ["prior"],
}
GAP = {
    name: RECORD[name] for name in ("key", "row", "quantity", "what", "instrument", "source", "use")
} | {"status": "gap", "note": "not printed"}

type Write = Callable[..., Path]


class Row(NamedTuple):
    """A row of the collected material."""

    row: str
    quantity: str
    value: str
    source: str
    status: str
    use: str


@pytest.fixture(scope="module")
def library() -> EvidenceLibrary:
    return load_evidence(instruments=instruments())


@pytest.fixture(scope="session")
def rows() -> dict[str, Row]:
    """Return the rows of the collected material beside the checkout, or skip where it is absent."""
    file = ROOT.parent / "shared" / "evidence" / "evidence.md"
    if not file.is_file():
        pytest.skip(
            "no collected evidence here: the file ../shared/evidence/evidence.md is missing"
        )
    cells = (line.strip().strip("|").split("|") for line in file.read_text("utf-8").splitlines())
    found = (Row(*(cell.strip() for cell in row)) for row in cells if len(row) == len(Row._fields))
    return {row.row: row for row in found if re.fullmatch(r"\d+\.\d+", row.row)}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a folder of evidence."""

    def written(*records: Any, sources: Any = SOURCES) -> Path:
        (tmp_path / "sources.yaml").write_text(yaml.safe_dump(sources), "utf-8")
        (tmp_path / "trial.yaml").write_text(yaml.safe_dump(list(records)), "utf-8")
        return tmp_path

    return written


def changed(**fields: Any) -> dict[str, Any]:
    """Return the good record with some fields changed; None takes a field away."""
    return {name: value for name, value in (RECORD | fields).items() if value is not None}


def uses(row: Row) -> set[str]:
    """Return what the row may be used for, by its letters outside brackets."""
    letters = re.findall(r"\b[PSV]\b", re.sub(r"\(.*?\)", "", row.use))
    return {{"P": "prior", "S": "scenario", "V": "validation"}[letter] for letter in letters}


def numbers(text: str) -> set[float]:
    """Return every number of a text, with its sign where that is a minus and no dash."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text.replace("*", ""))
    plain = re.sub(r"−(?: |AU\$)", "−", plain)
    found = re.findall(r"−?(?:\d+(?:\.\d+)?|\.\d+)", plain)
    return {float(number.replace("−", "-")) for number in found}


def cited(library: EvidenceLibrary, row: str) -> Iterator[Source]:
    for record in library.of_row(row):
        for key in (record.source, *record.also_in):
            if key is not None:
                yield library.sources[key]


def given(record: EvidenceRecord) -> set[float]:
    found = {record.estimate, record.lower, record.upper, record.sd}
    return {value for value in found if value is not None}


# What ships


def test_every_shipped_record_keeps_the_rules_and_names_known_instruments(
    library: EvidenceLibrary,
) -> None:
    assert len(library.records) > 300
    named = {record.instrument for record in library.records} - {None}
    assert named == {"pain_nrs", "pain_vas", "rmdq", "odi", "pseq", "msk_hq"}


def test_every_row_for_priors_scenarios_or_validation_has_a_record(
    library: EvidenceLibrary, rows: dict[str, Row]
) -> None:
    wanted = {name for name, row in rows.items() if uses(row)}
    assert len(wanted) > 80  # the table was read
    assert wanted <= {record.row for record in library.records}


def test_a_record_has_the_use_of_its_row(library: EvidenceLibrary, rows: dict[str, Row]) -> None:
    for record in library.records:
        assert set(record.use) == uses(rows[record.row]), record.key


def test_a_record_without_use_is_a_gap(library: EvidenceLibrary) -> None:
    assert all(record.use or record.status == "gap" for record in library.records)


def test_a_record_is_restrained_as_its_row_is(
    library: EvidenceLibrary, rows: dict[str, Row]
) -> None:
    words = {
        "weak": "weak",
        "wide": "wide",
        "sceptical": "sceptical",
        "sign": "sign_only",
        "after check": "to_be_checked",
    }
    for record in library.records:
        wanted = {caution for word, caution in words.items() if word in rows[record.row].use}
        if record.status != "gap":
            assert {record.caution} - {None} == wanted, record.key


def test_a_record_stands_as_its_row_does(library: EvidenceLibrary, rows: dict[str, Row]) -> None:
    for record in library.records:
        assert record.status in standing(rows[record.row]), record.key


def standing(row: Row) -> set[str]:
    """Return the statuses that a row's own words allow its records."""
    if "NOT OBTAINED" in row.value:
        return {"gap"}
    words = re.sub(r"\brecalled-[HML]\b", "recalled", row.status)
    allowed = {word for word in ("read", "recalled", "computed", "derived") if word in words}
    if "mixed" in row.status:
        allowed |= {"read", "recalled"}
    if "derived" in row.value:
        allowed.add("derived")
    nothing = (
        r"gap|not obtained|not visible|not seen|no numbers|no \*\*|no CIs|cut off|no published"
    )
    if re.search(nothing, f"{row.value} {row.status}"):
        allowed.add("gap")
    return allowed


def test_every_row_with_something_recalled_has_a_recalled_record(
    library: EvidenceLibrary, rows: dict[str, Row]
) -> None:
    recalled = {
        name
        for name, row in rows.items()
        if re.search(r"recalled|mixed", row.status) and "NOT OBTAINED" not in row.value
    }
    assert len(recalled) > 8
    assert recalled == {record.row for record in library.records if record.status == "recalled"}


def test_every_gap_of_the_material_is_a_record(
    library: EvidenceLibrary, rows: dict[str, Row]
) -> None:
    gaps = {
        name
        for name, row in rows.items()
        if re.search(r"\bgap\b|not obtained", row.status) or "NOT OBTAINED" in row.value
    }
    assert len(gaps) > 5
    assert gaps <= {record.row for record in library.records if record.status == "gap"}


def test_a_record_has_the_confidence_of_its_row(
    library: EvidenceLibrary, rows: dict[str, Row]
) -> None:
    for record in library.records:
        if stated := re.search(r"/ ([HML])\b", rows[record.row].status):
            assert record.confidence == stated[1], record.key


def test_every_number_of_a_record_stands_in_its_row_with_its_sign(
    library: EvidenceLibrary, rows: dict[str, Row]
) -> None:
    for record in library.records:
        row = rows[record.row]
        printed = numbers(f"{row.quantity} {row.value} {row.source}")
        if record.key == "dropout_henschke":
            printed.add(0.0)  # less than 3 % is a range from 0
        assert given(record) <= printed, record.key


def test_every_number_of_a_row_stands_in_its_records(
    library: EvidenceLibrary, rows: dict[str, Row]
) -> None:
    for name, row in rows.items():
        if not uses(row):
            continue
        said = " ".join(str(one.model_dump()) for one in library.of_row(name))
        said += " ".join(str(source.model_dump()) for source in cited(library, name))
        missing = {abs(number) for number in numbers(row.value)} - {
            abs(number) for number in numbers(said)
        }
        assert not missing, name


def test_weeks_are_the_published_time_at_52_weeks_a_year(library: EvidenceLibrary) -> None:
    unit = {"week": 1.0, "month": 52 / 12, "year": 52.0}
    checked = 0
    for record in library.records:
        time = re.fullmatch(
            r"(?:up to |beyond )?(\d+) (week|month|year)s?", record.time_as_published or ""
        )
        if time:
            assert record.weeks == pytest.approx(int(time[1]) * unit[time[2]], abs=1e-4), record.key
            checked += 1
        else:
            assert record.time_as_published in (None, "baseline"), record.key
    assert checked > 80


def test_records_of_one_cohort_of_ours_can_be_told(library: EvidenceLibrary) -> None:
    (source,) = (source for source in library.sources.values() if source.cohort == "ashar2022")
    computed = {record.source for record in library.records if record.status == "computed"}
    assert computed == {source.key}


# What is printed


def test_nothing_recalled_is_printed_without_its_mark(library: EvidenceLibrary) -> None:
    recalled = [record for record in library.records if record.status == "recalled"]
    lines = str(library).splitlines()
    for record in recalled:
        assert MARK in str(record), record.key
        (line,) = (line for line in lines if f" {record.key} " in f" {line} ".replace("  ", " "))
        assert MARK in line, record.key
    for record in library.records:
        if record.status != "recalled":
            assert MARK not in str(record), record.key


def test_a_recalled_doi_is_printed_with_its_mark(library: EvidenceLibrary) -> None:
    doi = library.sources["sandal2021"].doi
    lines = [line for line in str(library).splitlines() if doi and doi in line]
    assert lines
    assert all(MARK in line for line in lines)


def test_a_gap_is_printed_as_one(library: EvidenceLibrary) -> None:
    gap = library["random_slope_sd_rmdq"]
    assert "not found" in str(gap)
    assert "[gap]" in str(gap)


# Looking up


def test_a_figure_is_found_by_key_row_source_and_use(library: EvidenceLibrary) -> None:
    record = library["selfback_rmdq_difference_3mo"]
    assert (record.estimate, record.lower, record.upper) == (0.79, 0.06, 1.51)
    assert record.level == 0.95
    assert record in library.of_row("1.2")
    assert record in library.of_source("sandal2021")
    assert record in library.of_use("prior")
    assert record not in library.of_use("validation")
    assert library["uk_beam_exercise_rmdq_difference_3mo"] in library.of_source("froud2009")


def test_an_unknown_key_is_answered_with_the_nearest(library: EvidenceLibrary) -> None:
    with pytest.raises(EvidenceError, match="Did you mean 'selfback_rmdq_difference_3mo'"):
        library["selfback_rmdq_diference_3mo"]


def test_no_prior_rests_on_what_is_for_validation_alone(library: EvidenceLibrary) -> None:
    with pytest.raises(EvidenceError, match=r"selfback_responders_app_3mo: is for validation"):
        library.prior("selfback_responders_app_3mo")
    assert library.prior("selfback_followed_3mo").use == ("validation", "prior")


def test_no_prior_rests_on_a_gap_and_a_gap_is_of_no_use(library: EvidenceLibrary) -> None:
    with pytest.raises(EvidenceError, match="random_slope_sd_rmdq: is a gap"):
        library.prior("random_slope_sd_rmdq")
    for use in get_args(Use):
        assert all(record.status != "gap" for record in library.of_use(use))


# What is refused


def test_good_evidence_is_taken(write: Write) -> None:
    library = load_evidence(write(RECORD, GAP | {"key": "other"}), instruments())
    assert [record.key for record in library.records] == ["app_rmdq_difference", "other"]


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "outside": (changed(estimate=3.0), "estimate", "= 3 must lie in its interval, 0.06 to 1.51"),
    "below a single end": (changed(estimate=0.01, upper=None, note="cut"), "estimate", "0.06 to"),
    "unordered": (changed(lower=2.0), "lower", "= 2 must not be above upper"),
    "one end": (changed(upper=None), "note", "must say why an interval has only one end"),
    "negative ratio": (
        changed(quantity="hazard_ratio", estimate=-1.2, lower=None, upper=None),
        "estimate",
        "= -1.2 must be above 0: it is a hazard_ratio",
    ),
    "ratio with a negative end": (
        changed(quantity="odds_ratio", lower=-0.1),
        "lower",
        "= -0.1 must be above 0",
    ),
    "share": (
        changed(quantity="share", unit="percent", estimate=101, lower=None, upper=None),
        "estimate",
        "= 101 must be 0 to 100",
    ),
    "share as a fraction": (
        changed(quantity="share", unit="fraction", estimate=52, lower=None, upper=None),
        "estimate",
        "= 52 must be 0 to 1",
    ),
    "correlation": (changed(quantity="correlation"), "upper", "= 1.51 must be -1 to 1"),
    "reliability": (changed(quantity="reliability"), "upper", "= 1.51 must be 0 to 1"),
    "count": (
        changed(quantity="count", estimate=-1, lower=None, upper=None),
        "estimate",
        "= -1 must be 0",
    ),
    "sd": (changed(sd=0), "sd", "= 0 must be greater than 0"),
    "spread": (
        changed(quantity="measurement_error", estimate=0, lower=None, upper=None),
        "estimate",
        "= 0 must be above 0",
    ),
    "n": (changed(n=0), "n", "= 0 must be 1 or more"),
    "n of an arm": (changed(n={"app": -3}), "n", "= -3 must be 1 or more"),
    "level": (changed(level=95), "level", "= 95 must be less than 1"),
    "level without interval": (changed(lower=None, upper=None, level=0.95), "level", "is none"),
    "level of a range": (changed(interval="iqr", level=0.5), "level", "must be absent"),
    "no number": (changed(estimate=None), "estimate", "is required: what is no gap has a number"),
    "number of a gap": (GAP | {"estimate": 1.0}, "estimate", "a gap has no number"),
    "interval of a gap": (GAP | {"lower": 1.0}, "lower", "a gap has no number"),
    "silent gap": ({k: v for k, v in GAP.items() if k != "note"}, "note", "must say of a gap"),
    "number of a fact": (changed(quantity="fact"), "estimate", "a fact has no number"),
    "direction": (
        changed(quantity="direction", estimate=None, lower=None, upper=None, favours=None),
        "favours",
        "is required of a direction",
    ),
    "no source": (changed(source=None), "source", "is required"),
    "unknown source": (changed(source="doe2002"), "source", "Did you mean 'doe2020'?"),
    "unknown further source": (changed(also_in=["roe"]), "source", "= 'roe' is not a source"),
    "no use": (changed(use=[]), "use", "must name at least one use"),
    "no unit": (changed(unit=None), "unit", "is required beside a number"),
    "unknown instrument": (changed(instrument="rmqd"), "instrument", "Did you mean 'rmdq'?"),
    "unknown second instrument": (
        changed(other_instrument="sf_9"),
        "other_instrument",
        "'sf_9' is not an instrument",
    ),
    "unknown quantity": (
        changed(quantity="hazard_ratoi"),
        "quantity",
        "Did you mean 'hazard_ratio'?",
    ),
    "unknown status": (changed(status="guessed"), "status", "must be 'read', 'recalled'"),
    "unknown field": (changed(lowr=1), "lowr", "Did you mean 'lower'?"),
    "row as a number": (changed(row=1.1), "row", "in quotes"),
    "favours nobody": (changed(favours="ap"), "favours", "must be one of app, usual_care, neither"),
    "favours without arms": (changed(comparison=None), "comparison", "is required"),
    "time": (changed(time_as_published=None), "time_as_published", "is required beside weeks"),
    "before the start": (changed(weeks=-1), "weeks", "greater than or equal to 0"),
    "not finite": (changed(estimate=float("inf")), "estimate", "finite"),
}


@pytest.mark.parametrize(("record", "field", "reason"), BAD.values(), ids=BAD)
def test_bad_evidence_is_refused_with_file_key_field_and_reason(
    write: Write, record: dict[str, Any], field: str, reason: str
) -> None:
    folder = write(record)
    with pytest.raises(EvidenceError) as refusal:
        load_evidence(folder, instruments())
    (mistake,) = refusal.value.mistakes
    assert mistake.file == str(folder / "trial.yaml")
    assert mistake.key == "app_rmdq_difference"
    assert mistake.field.split(".")[0] == field
    assert reason in str(mistake)
    assert str(refusal.value).startswith(f"{mistake.file}: {mistake.key}: {mistake.field}")


def test_what_was_read_of_nothing_is_refused(write: Write) -> None:
    sources = {"doe2020": SOURCES["doe2020"] | {"read": []}}
    with pytest.raises(EvidenceError, match=r"trial.yaml: app_rmdq_difference: status cannot be"):
        load_evidence(write(RECORD, sources=sources))
    recalled = changed(status="recalled")
    assert len(load_evidence(write(recalled, sources=sources)).records) == 1


def test_a_key_that_stands_twice_is_refused(write: Write) -> None:
    with pytest.raises(EvidenceError, match=r"app_rmdq_difference: key stands already in .*trial"):
        load_evidence(write(RECORD, RECORD))


def test_a_source_that_stands_twice_is_refused(write: Write) -> None:
    folder = write(RECORD)
    file = folder / "sources.yaml"
    file.write_text(file.read_text("utf-8") * 2, "utf-8")
    with pytest.raises(EvidenceError, match=r"sources.yaml: line \d+: key 'doe2020' stands there"):
        load_evidence(folder)


def test_a_source_that_no_record_cites_is_refused(write: Write) -> None:
    sources = SOURCES | {"roe2021": SOURCES["doe2020"]}
    with pytest.raises(EvidenceError, match=r"sources.yaml: roe2021: is cited by no record"):
        load_evidence(write(RECORD, sources=sources))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({"title": "A trial", "read": []}, "note must say what is missing"),
        (SOURCES["doe2020"] | {"doi_status": "recalled"}, "doi_status is said of a DOI"),
        (SOURCES["doe2020"] | {"read": ["heard"]}, r"read.0 = 'heard' must be"),
        (SOURCES["doe2020"] | {"yaer": 2020}, "Did you mean 'year'"),
        ("Doe 2020", "must be a mapping"),
    ],
)
def test_a_bad_source_is_refused(write: Write, source: Any, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason) as refusal:
        load_evidence(write(RECORD, sources={"doe2020": source}))
    assert "sources.yaml: doe2020: " in str(refusal.value)


def test_everything_wrong_is_said_at_once(write: Write) -> None:
    wrong = [changed(key="one", estimate=9.0), changed(key="two", source="nobody"), "text"]
    with pytest.raises(EvidenceError) as refusal:
        load_evidence(write(*wrong))
    assert [mistake.key for mistake in refusal.value.mistakes] == ["one", "record 3", "two"]
    assert str(refusal.value).startswith("3 mistakes in the evidence:\n  - ")


@pytest.mark.parametrize(("text", "reason"), [("a: 1", "list of records"), ("- [", "line ")])
def test_a_file_that_is_no_list_of_records_is_refused(write: Write, text: str, reason: str) -> None:
    folder = write(RECORD)
    (folder / "second.yaml").write_text(text, "utf-8")
    with pytest.raises(EvidenceError, match=rf"second.yaml: .*{reason}"):
        load_evidence(folder)


def test_a_folder_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"sources.yaml: is missing"):
        load_evidence(tmp_path)


def test_a_citation_names_a_work_once_with_its_rows_unless_they_stand_otherwise() -> None:
    library = load_evidence()
    keys = ("start_back_rmdq_difference_4mo", "start_back_rmdq_difference_12mo")
    assert citation(keys, library) == "Hill, 2011, Lancet 378:1560-71 (evidence 3.2, 3.3)"
    assert citation([keys[0], keys[0]], library).endswith("(evidence 3.2)")
    recalled = citation(["restore_cft_rmdq_difference_13wk"], library)
    assert recalled.endswith(f"(evidence 3.21; {MARK})")
    mixed = citation(["uk_beam_rmdq_baseline", "uk_beam_rmdq_measurement_error"], library)
    assert re.findall(r"\(.*?\)", mixed) == ["(evidence 11.1)", "(evidence 9.4; derived)"]
