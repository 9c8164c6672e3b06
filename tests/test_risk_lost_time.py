"""Where time is lost, against hand calculations."""

import handmade
import pytest

from jitrisk.errors import ResultError
from jitrisk.risk.lost_time import compute_lost_time


def test_compute_lost_time__time_is_counted_in_a_year_by_hand():
    # 10 periods of 12 h are 5 days, a 73rd of a year.
    starved = [[[1.0, 0.0], [3.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]]
    found = compute_lost_time(
        handmade.result(paths=2, starved=starved, broken=0.5, stockout=[[[1.0], [2.0]], [[0.0], [0.0]]])
    )
    assert found["starved"].sel(strategy="jit", stage="press").item() == pytest.approx(73 * 24.0)
    assert found["starved"].sel(strategy="jic", stage="line").item() == pytest.approx(73 * 12.0)
    assert found["broken"].values == pytest.approx(73 * 6.0)
    assert found["stockout"].values.ravel() == pytest.approx([73 * 0.75, 0.0])
    assert (found["starved"].attrs["units"], found["stockout"].attrs["units"]) == ("h/year", "d/year")


def test_compute_lost_time__what_is_no_result_is_refused():
    with pytest.raises(ResultError, match="lacks 'broken'"):
        compute_lost_time(handmade.result().drop_vars("broken"))
