"""A config that was written can be read back, whatever its names hold; otherwise nobody can repeat the fit."""

from hypothesis import given
from hypothesis import strategies as st

from training.config import FitConfig
from training.text.config import TextFitConfig
from training.toml import read_toml, write_toml

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.one_of(TEXTS, st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False), st.lists(TEXTS))


@given(tables=st.dictionaries(TEXTS, st.dictionaries(TEXTS, VALUES)))
def test_any_text_comes_back(tmp_path_factory, tables):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(write_toml(tables), encoding="utf-8", newline="")
    assert read_toml(path) == tables


def test_names_beyond_the_basic_plane_survive(tmp_path):
    """A column called after an emoji is as good as any other."""
    config = FitConfig.from_dict(
        {
            "data": {"target": "load 😀", "past": ['wind "n"', "w\\e\nst"], "resolutions": {"1d": "days 😀.csv"}},
            "members": [{"width": 8, "training": {"steps": 3}}, {"cell": "gru"}],
        }
    )
    path = tmp_path / "fit.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    assert FitConfig.read(path) == config
    path.write_text(TextFitConfig().to_toml(), encoding="utf-8")
    assert TextFitConfig.read(path) == TextFitConfig()
