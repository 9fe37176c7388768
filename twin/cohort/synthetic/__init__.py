"""Generated cohorts whose truth is known: the law run forward on people who do not exist."""

from twin.cohort.synthetic.generate import synthetic_cohort, synthetic_spec
from twin.cohort.synthetic.settings import SyntheticSettings

__all__ = ["SyntheticSettings", "synthetic_cohort", "synthetic_spec"]
