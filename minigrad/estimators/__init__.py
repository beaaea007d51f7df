"""Networks as scikit-learn estimators; needs scikit-learn, the extra `data`."""

from ..extras import require

require("sklearn", extra="data", purpose="minigrad.estimators")

# After the check, so that without scikit-learn its message is what one reads.
from .classifier import NetClassifier  # noqa: E402
from .regressor import NetRegressor  # noqa: E402

__all__ = ["NetClassifier", "NetRegressor"]
