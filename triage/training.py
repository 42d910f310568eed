"""Learns the reader's weights from labelled reports. A developer's tool: needs scikit-learn."""

from collections import Counter

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from triage import thrive
from triage.thrive import reading
from triage.thrive.signals import gather, listen

SEEN_AT_LEAST = 2  # reports that must use a term before it is learned
STRENGTH = 3.0  # how far the weights may go: the inverse of the penalty on them


def learn(cases, policy):
    """The arrays of a Reader, by name, learned from labelled reports under ``policy``."""
    told = [_features(case, policy) for case in cases]
    used = Counter(term for of in told for term in of.terms)
    terms = sorted(term for term, count in used.items() if count >= SEEN_AT_LEAST)
    signs = sorted({sign for of in told for sign in of.signs})
    rarity = np.array([np.log((len(cases) + 1) / (used[term] + 1)) for term in terms])
    empty = np.zeros((len(terms) + len(signs), len(reading.LABELS)))
    reader = reading.Reader(
        terms=terms,
        signs=signs,
        rarity=rarity,
        weights=empty,
        meaning=np.zeros((3 * reading.DIMENSIONS, len(reading.LABELS))),
        bias=np.zeros(len(reading.LABELS)),
        unknown=np.log(len(cases) + 1),
    )
    rows = _rows(reader, told)
    weights, bias = [], []
    for label in reading.LABELS:
        wanted = np.array([_has(case, label) for case in cases])
        fitted = LogisticRegression(
            C=STRENGTH,
            # Flags are rare: a report that has one counts for as much as all that have it not.
            class_weight="balanced" if label in thrive.FLAGS else None,
            solver="liblinear",
            dual=True,
            intercept_scaling=5,
            random_state=0,
            max_iter=2000,
        ).fit(rows, wanted)
        weights.append(fitted.coef_[0])
        bias.append(fitted.intercept_[0])
    weights = np.array(weights).T
    size = len(terms) + len(signs)
    return {
        "terms": np.array("\n".join(terms)),
        "signs": np.array("\n".join(signs)),
        "rarity": rarity.astype(np.float16),
        "weights": weights[:size].astype(np.float16),
        "meaning": weights[size:].astype(np.float16),
        "bias": np.array(bias, np.float32),
        "unknown": np.array(np.log(len(cases) + 1), np.float32),
    }


def _features(case, policy):
    report = thrive.Report.from_dict(case)
    heard = listen(report.narrative, policy)
    return reading.features(heard, gather(heard, report, policy))


def _rows(reader, told):
    places, values, ends, meaning = [], [], [0], []
    for of in told:
        for row, value in (*reader.known_terms(of), *reader.known_signs(of)):
            places.append(row)
            values.append(value)
        ends.append(len(places))
        near = reading.near(of.words, reader.rarity)
        meaning.append(np.zeros(3 * reading.DIMENSIONS) if near is None else near.pooled)
    width = len(reader.terms) + len(reader.signs)
    return hstack([csr_matrix((values, places, ends), (len(told), width)), meaning]).tocsr()


def _has(case, label):
    if label in thrive.FLAGS:
        return label in case["flags"]
    return case["grade"] <= int(label[-1])
