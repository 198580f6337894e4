r"""Checkpoint and restart under failures: the best interval, and the parts of the wall clock.

Work runs in segments: compute for an interval :math:`\tau`, then save for :math:`C`. A failure anywhere in a segment
loses the segment; a recovery of :math:`R` follows, which can fail as well. With failures at a constant rate
:math:`1/M` the mean times below are exact [2]_, also where failures are frequent. Only the best interval is an
approximation: Young's to first order [1]_, Daly's to higher order [2]_, both derived for :math:`C \ll M`. Up to
:math:`C = M/2` they are accurate to a few per cent of the interval, and much better in time.

References
----------
.. [1] J. W. Young, "A first order approximation to the optimum checkpoint interval," Commun. ACM, vol. 17, no. 9,
       pp. 530-531, 1974, doi:10.1145/361147.361115.
.. [2] J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps," Future Gener. Comput.
       Syst., vol. 22, no. 3, pp. 303-312, 2006, doi:10.1016/j.future.2004.11.016.
"""

from typing import Any

from lindos.quantities import Bytes, BytesPerSecond, Count, Fraction, Seconds, namespace

#: Limit of exponents, beyond which a float would overflow; no job makes progress there.
_LARGEST_EXPONENT = 200.0


def checkpoint_time(size: Bytes, bandwidth: BytesPerSecond) -> Seconds:
    r"""Time to write, or to read, one checkpoint.

    .. math:: C = b / \beta

    Parameters
    ----------
    size
        Of the whole checkpoint, :math:`b`.
    bandwidth
        Of the storage for all devices together, :math:`\beta`.

    Returns
    -------
    Seconds
        Training waits for this time.

    Notes
    -----
    The transfer alone, the dump time of [2]_. Not modelled: start-up latencies, contention, and saving behind the next
    steps, which hides a large part in practice; a larger bandwidth can represent it.

    Examples
    --------
    5 TB at 2 TB/s:

    >>> checkpoint_time(5e12, 2e12)
    2.5
    """
    return size / bandwidth


def young_interval(save_time: Seconds, mtbf: Seconds) -> Seconds:
    r"""Best compute time between checkpoints, to first order.

    .. math:: \tau = \sqrt{2 C M}

    Parameters
    ----------
    save_time
        Time of one checkpoint, :math:`C`.
    mtbf
        Mean time between failures of the job, :math:`M`.

    Returns
    -------
    Seconds
        Without the save itself.

    Notes
    -----
    Equation of [1]_, for :math:`C \ll M`.

    Examples
    --------
    A save of 60 s at one failure in three hours, in minutes:

    >>> round(young_interval(60.0, 10_800.0) / 60, 2)
    18.97
    """
    return (2 * save_time * mtbf) ** 0.5


def daly_interval(save_time: Seconds, mtbf: Seconds) -> Seconds:
    r"""Best compute time between checkpoints, to higher order.

    .. math::

        \tau = \sqrt{2 C M} \left[ 1 + \frac{1}{3} \sqrt{\frac{C}{2 M}} + \frac{1}{9} \frac{C}{2 M} \right] - C
        \quad (C < 2M), \qquad \tau = M \quad (C \geq 2M)

    Parameters
    ----------
    save_time
        Time of one checkpoint, :math:`C`.
    mtbf
        Mean time between failures of the job, :math:`M`.

    Returns
    -------
    Seconds
        Without the save itself.

    Notes
    -----
    Equation (37) of [2]_. It does not depend on the time of recovery, which costs the same at every interval.

    Examples
    --------
    A save of 60 s at one failure in three hours, in minutes:

    >>> round(float(daly_interval(60.0, 10_800.0)) / 60, 2)
    18.31
    """
    xp = namespace(save_time, mtbf)
    ratio = save_time / (2 * mtbf)
    series = 1 + ratio**0.5 / 3 + ratio / 9
    interval: Seconds = xp.where(ratio < 1, young_interval(save_time, mtbf) * series - save_time, mtbf)
    return interval


def failed_attempts(segment: Seconds, mtbf: Seconds) -> Count:
    r"""Mean number of failed attempts at a segment before an attempt succeeds.

    .. math:: k = e^{x / M} - 1

    Parameters
    ----------
    segment
        Time that must pass without failure, :math:`x`: compute and save.
    mtbf
        Mean time between failures of the job, :math:`M`.

    Returns
    -------
    Count
        Zero where nothing fails.

    Notes
    -----
    Mean of a geometric law with success :math:`e^{-x/M}`, as in [2]_. Exponents above 200 are set to 200: no job makes
    progress there.

    Examples
    --------
    A segment as long as the mean time between failures:

    >>> round(float(failed_attempts(3600.0, 3600.0)), 4)
    1.7183
    """
    attempts: Count = _exponential(segment / mtbf) - 1
    return attempts


def lost_time(segment: Seconds, mtbf: Seconds) -> Seconds:
    r"""Mean time of the failed attempts at one segment.

    .. math:: t = M \left( e^{x/M} - 1 \right) - x

    Parameters
    ----------
    segment
        Time that must pass without failure, :math:`x`: compute and save.
    mtbf
        Mean time between failures of the job, :math:`M`.

    Returns
    -------
    Seconds
        About :math:`x^2 / 2M` where failures are rare: half a segment for each.

    Notes
    -----
    Part of equation (13) of [2]_.

    Examples
    --------
    A segment of 20 minutes at one failure in three hours, in seconds:

    >>> round(float(lost_time(1200.0, 10_800.0)), 1)
    69.2
    """
    # Where failures are rare this is the difference of two nearly equal numbers; use its series there.
    xp = namespace(segment, mtbf)
    ratio = segment / mtbf
    series = segment * ratio * (1 / 2 + ratio / 6)
    closed = mtbf * failed_attempts(segment, mtbf) - segment
    lost: Seconds = xp.where(ratio < 1e-4, series, closed)
    return lost


def recovery_time_per_segment(segment: Seconds, recovery_time: Seconds, mtbf: Seconds) -> Seconds:
    r"""Mean time in recovery per completed segment; recoveries fail at the same rate as work.

    .. math:: t = M \left( e^{R/M} - 1 \right) \left( e^{x/M} - 1 \right)

    Parameters
    ----------
    segment
        Time that must pass without failure, :math:`x`: compute and save.
    recovery_time
        Time of one undisturbed recovery, :math:`R`.
    mtbf
        Mean time between failures of the job, :math:`M`.

    Returns
    -------
    Seconds
        About :math:`R x / M` where failures are rare.

    Notes
    -----
    Part of equation (13) of [2]_; with :func:`lost_time` and the segment itself it makes up
    :math:`M e^{R/M} (e^{x/M} - 1)`.

    Examples
    --------
    Twenty minutes of work, ten of recovery, one failure in three hours, in seconds:

    >>> round(float(recovery_time_per_segment(1200.0, 600.0, 10_800.0)), 1)
    72.5
    """
    return mtbf * failed_attempts(recovery_time, mtbf) * failed_attempts(segment, mtbf)


def goodput(interval: Seconds, save_time: Seconds, recovery_time: Seconds, mtbf: Seconds) -> Fraction:
    r"""Share of the wall clock that makes lasting progress.

    .. math:: g = \frac{\tau}{M e^{R/M} \left( e^{(\tau + C)/M} - 1 \right)}

    Parameters
    ----------
    interval
        Compute time between checkpoints, :math:`\tau`.
    save_time
        Time of one checkpoint, :math:`C`.
    recovery_time
        From the failure until work goes on, :math:`R`.
    mtbf
        Mean time between failures of the job, :math:`M`.

    Returns
    -------
    Fraction
        Tends to :math:`\tau / (\tau + C)` where nothing fails.

    Notes
    -----
    Equation (13) of [2]_. Not modelled: failures that come in bursts, slow devices, planned pauses.

    Examples
    --------
    Checkpoints of 60 s every 18.3 minutes, ten minutes of recovery, one failure in three hours:

    >>> round(float(goodput(1098.6, 60.0, 600.0, 10_800.0)), 3)
    0.85
    """
    segment = interval + save_time
    total = segment + lost_time(segment, mtbf) + recovery_time_per_segment(segment, recovery_time, mtbf)
    return interval / total


def _exponential(exponent: Any) -> Any:
    xp = namespace(exponent)
    return xp.exp(xp.minimum(exponent, _LARGEST_EXPONENT))
