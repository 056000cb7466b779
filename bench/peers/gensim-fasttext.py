"""Trains gensim's FastText on sentences, one a line, and prints what was asked for as JSON.

Usage: gensim-fasttext.py SENTENCES OPTIONS [PAIRS]
Without PAIRS: tokens a second, the best of options["runs"], one worker.
With PAIRS (JSON: set -> [[word, word, score], ...]): Spearman's correlation of each set, one list entry a seed. Words that
were not learned have vectors from their n-grams, as gensim gives them.
"""

import json
import sys
import time

import gensim
import numpy
from gensim.models import FastText
from scipy.stats import spearmanr

with open(sys.argv[1], encoding="utf8") as file:
    sentences = [line.split() for line in file]
options = json.loads(sys.argv[2])
pairs = json.load(open(sys.argv[3], encoding="utf8")) if len(sys.argv) > 3 else None


def fresh(seed):
    model = FastText(
        sg=options["skipgram"],
        hs=0,
        vector_size=options["dimension"],
        window=options["window"],
        negative=options["negatives"],
        ns_exponent=options["negativeExponent"],
        alpha=options["learningRate"],
        sample=options["subsample"],
        min_count=options["minCount"],
        min_n=options["minN"],
        max_n=options["maxN"],
        bucket=options["buckets"],
        workers=1,
        seed=seed,
    )
    model.build_vocab(sentences)
    return model


def cosine(a, b):
    return float(numpy.dot(a, b) / (numpy.linalg.norm(a) * numpy.linalg.norm(b)))


if pairs is None:
    count = sum(len(sentence) for sentence in sentences)
    best = 0.0
    model = fresh(1)
    for _ in range(options["runs"]):
        started_at = time.perf_counter()
        model.train(sentences, total_examples=len(sentences), epochs=1)
        best = max(best, count / (time.perf_counter() - started_at))
    print(json.dumps({"version": gensim.__version__, "tokensPerSecond": best}))
else:
    results = {name: [] for name in pairs}
    for seed in options["seeds"]:
        model = fresh(seed)
        model.train(sentences, total_examples=len(sentences), epochs=options["epochs"])
        for name, judged in pairs.items():
            found = [cosine(model.wv[a], model.wv[b]) for a, b, _ in judged]
            results[name].append(float(spearmanr([score for _, _, score in judged], found).statistic))
        print(seed, {name: values[-1] for name, values in results.items()}, file=sys.stderr)
    print(json.dumps({"version": gensim.__version__, "spearman": results}))
