"""Do two samples have the same mean? Welch's t, and what a person looks at."""

import math
import statistics


class Sample:
    def __init__(self, values):
        self.values = values
        self.mean, self.median = statistics.fmean(values), statistics.median(values)
        self.variance = statistics.variance(values)

    def __str__(self):
        return (f"n={len(self.values)} mean {self.mean:.3f} median {self.median:.3f} "
                f"sd {math.sqrt(self.variance):.3f} min {min(self.values):.3f} max {max(self.values):.3f} ms")


def welch_t(one, other):
    """Welch's t of two samples; no value is left out."""
    error = one.variance / len(one.values) + other.variance / len(other.values)
    return (one.mean - other.mean) / math.sqrt(error)
