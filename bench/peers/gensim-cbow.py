"""Trains gensim's CBOW on a file of int32 tokens (-1 ends a sequence) and prints tokens a second, the best of three."""

import array
import json
import sys
import time

import gensim
from gensim.models import Word2Vec

tokens = array.array("i")
with open(sys.argv[1], "rb") as file:
    tokens.frombytes(file.read())
options = json.loads(sys.argv[2])

sequences, sequence = [], []
for token in tokens:
    if token >= 0:
        sequence.append(str(token))
    else:
        sequences.append(sequence)
        sequence = []

model = Word2Vec(
    sg=0,
    cbow_mean=1,
    hs=0,
    vector_size=options["dimension"],
    window=options["window"],
    negative=options["negatives"],
    ns_exponent=options["exponent"],
    alpha=options["learningRate"],
    sample=0,
    min_count=1,
    workers=1,
    seed=1,
)
model.build_vocab(sequences)
count = sum(len(sequence) for sequence in sequences)
best = 0.0
for _ in range(3):
    started_at = time.perf_counter()
    model.train(sequences, total_examples=len(sequences), epochs=1)
    best = max(best, count / (time.perf_counter() - started_at))
print(json.dumps({"version": gensim.__version__, "tokensPerSecond": best}))
