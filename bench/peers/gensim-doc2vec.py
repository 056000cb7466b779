"""
Trains gensim's Doc2Vec on a file of int32 tokens (-2 - d opens document d, -1 ends it) in the form that the options name,
and prints tokens a second, the best of three passes.
"""

import array
import json
import sys
import time

import gensim
from gensim.models.doc2vec import Doc2Vec, TaggedDocument

tokens = array.array("i")
with open(sys.argv[1], "rb") as file:
    tokens.frombytes(file.read())
options = json.loads(sys.argv[2])

documents, words = [], []
for token in tokens:
    if token >= 0:
        words.append(str(token))
    elif token == -1:
        documents.append(TaggedDocument(words, [len(documents)]))
        words = []

model = Doc2Vec(
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
    **options["form"],
)
model.build_vocab(documents)
count = sum(len(document.words) for document in documents)
best = 0.0
for _ in range(3):
    started_at = time.perf_counter()
    model.train(documents, total_examples=len(documents), epochs=1)
    best = max(best, count / (time.perf_counter() - started_at))
print(json.dumps({"version": gensim.__version__, "tokensPerSecond": best}))
