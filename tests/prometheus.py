"""What ``promtool check metrics`` would find wrong with an exposition, for tests on machines without it."""

import re

from prometheus_client.parser import text_string_to_metric_families

NOT_BASE_UNITS = ("milliseconds", "minutes", "hours", "days", "kilobytes", "megabytes", "percent")


def faults_of(text: str) -> list[str]:
    """Faults in words; parsing raises ValueError where the text is no exposition at all."""
    faults, seen = [], set()
    for family in text_string_to_metric_families(text):
        if not family.documentation:
            faults.append(f"{family.name}: no help text")
        if not re.fullmatch(r"[a-z_:][a-z0-9_:]*", family.name):
            faults.append(f"{family.name}: not in snake case")
        if family.name.endswith(NOT_BASE_UNITS):
            faults.append(f"{family.name}: not a base unit")
        if family.type in ("counter", "gauge") and family.type in family.name.split("_"):
            faults.append(f"{family.name}: its name holds its type")
        if family.type != "counter" and family.name.endswith("_total"):
            faults.append(f"{family.name}: only counters end in _total")
        for sample in family.samples:
            if family.type == "counter" and not sample.name.endswith("_total"):
                faults.append(f"{sample.name}: a counter must end in _total")
            if family.type not in ("histogram", "summary") and {"le", "quantile"} & set(sample.labels):
                faults.append(f"{sample.name}: le and quantile are for histograms and summaries")
            series = (sample.name, *sorted(sample.labels.items()))
            if series in seen:
                faults.append(f"{sample.name}{sample.labels}: twice")
            seen.add(series)
    return faults
