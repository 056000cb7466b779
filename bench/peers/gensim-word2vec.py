"""gensim's Word2Vec on a file of int32 tokens (-1 ends a sequence), numbers of words as its words.

gensim-word2vec.py FILE OPTIONS speed        tokens a second, the best of three epochs, as JSON
gensim-word2vec.py FILE OPTIONS vectors OUT  trains and writes the vectors, row i of word i, as float32; rows of words that
                                             it left out are NaN
OPTIONS is JSON: dimension, window, negatives, exponent, learningRate; and sg (1, or 0 for CBOW), subsample, minCount,
epochs, seed, workers where they differ from 1, 0, 1, 1, 1, 1.
"""

import array
import json
import sys
import time

import gensim
import numpy
from gensim.models import Word2Vec

tokens = array.array("i")
with open(sys.argv[1], "rb") as file:
    tokens.frombytes(file.read())
options = json.loads(sys.argv[2])

sequences, sequence, words = [], [], 0
for token in tokens:
    if token >= 0:
        sequence.append(str(token))
        words = max(words, token + 1)
    else:
        sequences.append(sequence)
        sequence = []

model = Word2Vec(
    sg=options.get("sg", 1),
    hs=0,
    vector_size=options["dimension"],
    window=options["window"],
    negative=options["negatives"],
    ns_exponent=options["exponent"],
    alpha=options["learningRate"],
    sample=options.get("subsample", 0),
    min_count=options.get("minCount", 1),
    workers=options.get("workers", 1),
    seed=options.get("seed", 1),
)
model.build_vocab(sequences)
facts = {"version": gensim.__version__, "words": len(model.wv)}
if sys.argv[3] == "speed":
    count = sum(len(sequence) for sequence in sequences)
    best = 0.0
    for _ in range(3):
        started_at = time.perf_counter()
        model.train(sequences, total_examples=len(sequences), epochs=1)
        best = max(best, count / (time.perf_counter() - started_at))
    facts["tokensPerSecond"] = best
else:
    model.train(sequences, total_examples=len(sequences), epochs=options.get("epochs", 1))
    vectors = numpy.full((words, options["dimension"]), numpy.nan, dtype=numpy.float32)
    for word, row in model.wv.key_to_index.items():
        vectors[int(word)] = model.wv.vectors[row]
    vectors.tofile(sys.argv[4])
print(json.dumps(facts))
