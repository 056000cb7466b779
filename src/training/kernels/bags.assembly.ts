/**
 * Bags of rows against outputs, with negative sampling, in WASM SIMD over a memory that threads share without locks
 * (Hogwild). A bag is made one vector, the mean of its rows or one after the other; it predicts targets, each against
 * its own negatives; what it learned goes back to each of its rows. By what is in the bag this is CBOW (Mikolov et al.
 * 2013), doc2vec in all its forms (Le & Mikolov 2014) or fastText (Bojanowski et al. 2017). A mean lives in scratch that
 * belongs to the thread, so shared rows are read once and written once for each bag; rows that follow one another learn
 * where they lie.
 *
 * It checks nothing: `bags.ts` is the facade that does, and `bags.scalar.ts` the twin that says in plain arithmetic what
 * each step means. No globals, no static data, no allocation: everything lives where the plan points.
 */
import { draw, drawNegative, madd } from './simd/arithmetic.assembly';
import { HotRows, mergeAll, rowToUse, sharedRow } from './simd/hot-rows.assembly';
import { fillPool, NegativePool, poolBytes, renewPool, takeNegatives } from './simd/negative-pool.assembly';
import { oneByFrozen, oneByMany, oneByManyApart, oneBySix, oneBySixApart } from './simd/one-by-many.assembly';
import { learnSlotFromFrozen, learnSlots } from './simd/slots-and-kept.assembly';
import { gradeSlots, keepRows } from './simd/slots-by-many.assembly';

/** What `bags.ts` lays out for a thread: words of 32 bits, in this order. Addresses and widths are in bytes. */
@unmanaged
class Plan {
  mode: i32;
  tokens: usize;
  stride: usize;
  /** An output row's length: the stride, or that of all slots where they are concatenated. */
  width: usize;
  window: i32;
  negatives: i32;
  /** Rows of a group of outputs: 1 + negatives in whole triples. */
  group: i32;
  sigmoid: usize;
  random: usize;
  /** (things + 1) and the rows themselves: the rows of each thing; 0 where a thing is its own row. */
  partOffsets: usize;
  parts: usize;
  /** Address of the row of sequence 0. */
  sequences: usize;
  /** Address of the row that stands where a window has no context. */
  empty: usize;
  learnsThings: i32;
  learnsOutputs: i32;
  learnsSequences: i32;
  /** DBOW: whether things learn from each other too, as in skip-gram. */
  trainsThings: i32;
  /** Two lists of rows, so that one prediction's can be drawn while another's wait. */
  outputs: usize;
  nextOutputs: usize;
  coefficients: usize;
  gradients: usize;
  vector: usize;
  /** What the vector of one prediction learned; of several, what it was at first. */
  learned: usize;
  sequenceVector: usize;
  sequenceStart: usize;
  bag: usize;
  /** Where things have parts: the things that the window may reach, `heldCount` of them; 0 otherwise. See `trainHeld`. */
  held: usize;
  heldCount: u32;
  pool: NegativePool;
  /** Rows of which things consist. */
  inputs: HotRows;
  /** Rows of targets. Negatives are the table's own rows, hot or not. */
  outputRows: HotRows;
}

// @ts-ignore: decorator
@inline
const CBOW = 0;
// @ts-ignore: decorator
@inline
const SKIP_GRAM = 1;
// @ts-ignore: decorator
@inline
const DM = 2;
// @ts-ignore: decorator
@inline
const DM_CONCATENATION = 3;

/** Concatenation: an output that errs by less is learned on only as often as makes up for it (see keepRows). */
// @ts-ignore: decorator
@inline
const LEAST_ERROR: f32 = 0.2;

/** Bytes of a thread's pool of negatives. */
export function negativePoolBytes(): usize {
  return poolBytes();
}

/**
 * Trains on `count` tokens (i32: a thing, -1 ends a sequence, -2 - s opens sequence s) and returns how many predictions
 * it learned from. Rows of tables have zeros beyond the dimension.
 */
export function train(plan: Plan, count: i32, rate: f32): i32 {
  if (plan.partOffsets == 0) fillPool(plan.pool, <u64>count * <u64>plan.negatives);
  const predictions = trainMode(plan, count, rate);
  merge(plan);
  return predictions;
}

/** Brings the thread's copies of hot rows and the tables together. */
export function merge(plan: Plan): void {
  mergeAll(plan.inputs);
  mergeAll(plan.outputRows);
}

// @ts-ignore: decorator
@inline
function trainMode(plan: Plan, count: i32, rate: f32): i32 {
  if (plan.mode == SKIP_GRAM) return trainSkipGram(plan, count, rate);
  if (plan.mode == CBOW || plan.mode == DM) {
    return plan.held ? trainHeld(plan, count, rate) : trainMean(plan, count, rate);
  }
  if (plan.mode == DM_CONCATENATION) return trainConcatenation(plan, count, rate);
  return trainSequences(plan, count, rate);
}

// @ts-ignore: decorator
@inline
function tokenAt(plan: Plan, at: i32): i32 {
  return load<i32>(plan.tokens + (<usize>at << 2));
}

// @ts-ignore: decorator
@inline
function rowOfSequence(plan: Plan, token: i32): usize {
  return plan.sequences + <usize>(-2 - token) * plan.stride;
}

/** How far the window reaches this time: near contexts are seen more often than far ones. */
// @ts-ignore: decorator
@inline
function drawReach(plan: Plan): i32 {
  return 1 + <i32>((<u64>draw(plan.random) * <u64>plan.window) >> 32);
}

/** The first token that the window reaches. */
// @ts-ignore: decorator
@inline
function firstOf(plan: Plan, at: i32, reach: i32): i32 {
  let first = at;
  while (first > 0 && at - first < reach && tokenAt(plan, first - 1) >= 0) first--;
  return first;
}

/** CBOW and the mean form of Distributed Memory: contexts (and the sequence) predict the thing between them. */
function trainMean(plan: Plan, count: i32, rate: f32): i32 {
  let sequence: usize = 0;
  let predictions = 0;
  for (let at = 0; at < count; at++) {
    const target = tokenAt(plan, at);
    if (target < 0) {
      sequence = plan.mode == DM && target < -1 ? rowOfSequence(plan, target) : 0;
      continue;
    }
    const reach = drawReach(plan);
    let end = plan.bag;
    if (sequence != 0) {
      store<usize>(end, sequence);
      end += 4;
    }
    const things = end;
    for (let other = firstOf(plan, at, reach); other < count && other - at <= reach; other++) {
      if (other == at) continue;
      const context = tokenAt(plan, other);
      if (context < 0) break;
      end = collect(plan, context, end);
    }
    if (end == plan.bag) continue;
    drawOutputs(plan, target, plan.outputs);
    gather(plan.bag, end, plan.stride, plan.vector);
    learnApart(plan, rate);
    const from = plan.learnsSequences ? plan.bag : things;
    const to = plan.learnsThings ? end : things;
    if (from < to) spread(from, to, plan.stride, plan.learned);
    predictions++;
  }
  return predictions;
}

/**
 * The same where things have parts. A thing is context of some ten targets one after the other, so the sum of its rows is
 * taken once, when the window first reaches it, and held; what its rows learn is kept beside it, counted in, and given to
 * them once, when the window has passed. Until then other things that share a row do not see it, as between threads.
 */
function trainHeld(plan: Plan, count: i32, rate: f32): i32 {
  let sequence: usize = 0;
  let predictions = 0;
  // Things from `oldest` to before `newest` are held.
  let oldest = 0;
  let newest = 0;
  for (let at = 0; at < count; at++) {
    const target = tokenAt(plan, at);
    if (target < 0) {
      for (; oldest < newest; oldest++) release(plan, oldest);
      oldest = newest = at + 1;
      sequence = plan.mode == DM && target < -1 ? rowOfSequence(plan, target) : 0;
      continue;
    }
    const reach = drawReach(plan);
    for (; oldest < at - plan.window; oldest++) release(plan, oldest);
    for (; newest < count && newest - at <= reach && tokenAt(plan, newest) >= 0; newest++) hold(plan, newest);
    const things = sequence != 0 ? plan.bag + 4 : plan.bag;
    if (sequence != 0) store<usize>(plan.bag, sequence);
    let end = things;
    let rows: i32 = sequence != 0 ? 1 : 0;
    for (let other = max(oldest, at - reach); other < newest && other - at <= reach; other++) {
      if (other == at) continue;
      const thing = heldAt(plan, other);
      store<usize>(end, thing);
      rows += <i32>load<f32>(thing);
      end += 4;
    }
    if (rows == 0) continue;
    drawOutputs(plan, target, plan.outputs);
    gatherHeld(plan, sequence, things, end, <f32>1 / <f32>rows);
    learnApart(plan, rate);
    if (sequence != 0 && plan.learnsSequences) spread(plan.bag, things, plan.stride, plan.learned);
    if (plan.learnsThings && things < end) {
      // What is held learns behind its number of rows and their sum.
      for (let entry = things; entry < end; entry += 4) {
        store<usize>(entry, load<usize>(entry) + HELD_HEAD + plan.stride);
      }
      spread(things, end, plan.stride, plan.learned);
    }
    predictions++;
  }
  for (; oldest < newest; oldest++) release(plan, oldest);
  return predictions;
}

/** Of a held thing: the number of its rows (f32), then from here their sum as it was, then what each is to learn. */
// @ts-ignore: decorator
@inline
const HELD_HEAD: usize = 16;

// @ts-ignore: decorator
@inline
function heldAt(plan: Plan, at: i32): usize {
  return plan.held + <usize>(<u32>at % plan.heldCount) * (HELD_HEAD + (plan.stride << 1));
}

function hold(plan: Plan, at: i32): void {
  const thing = heldAt(plan, at);
  const end = collect(plan, tokenAt(plan, at), plan.bag);
  store<f32>(thing, <f32>((end - plan.bag) >> 2));
  addUp(plan.bag, end, plan.stride, 1, thing + HELD_HEAD);
  memory.fill(thing + HELD_HEAD + plan.stride, 0, plan.stride);
}

function release(plan: Plan, at: i32): void {
  if (!plan.learnsThings) return;
  const learned = heldAt(plan, at) + HELD_HEAD + plan.stride;
  const end = collect(plan, tokenAt(plan, at), plan.bag);
  spread(plan.bag, end, plan.stride, learned);
}

/** The mean of the sequence, where there is one, and of all rows of the held things. */
function gatherHeld(plan: Plan, sequence: usize, things: usize, end: usize, by: f32): void {
  const stride = plan.stride;
  const share = f32x4.splat(by);
  for (let d: usize = 0; d < stride; d += 32) {
    const both = d + 16 < stride;
    let a = f32x4.splat(0);
    let b = a;
    if (sequence != 0) {
      a = v128.load(sequence + d);
      if (both) b = v128.load(sequence + d, 16);
    }
    for (let entry = things; entry < end; entry += 4) {
      const thing = load<usize>(entry);
      const sum = thing + HELD_HEAD + d;
      const rows = v128.load32_splat(thing);
      a = f32x4.add(a, madd(rows, v128.load(sum + stride), v128.load(sum)));
      // Beyond a row's end lies what is not used.
      b = f32x4.add(b, madd(rows, v128.load(sum + stride, 16), v128.load(sum, 16)));
    }
    a = f32x4.mul(a, share);
    v128.store(plan.vector + d, a);
    if (both) v128.store(plan.vector + d, f32x4.mul(b, share), 16);
  }
}

/** Each thing's rows predict its contexts: fastText, whose vector of a thing is made once a window and learns at once. */
function trainSkipGram(plan: Plan, count: i32, rate: f32): i32 {
  let predictions = 0;
  for (let at = 0; at < count; at++) {
    if (tokenAt(plan, at) >= 0) predictions += trainCentre(plan, at, count, rate);
  }
  return predictions;
}

function trainCentre(plan: Plan, at: i32, count: i32, rate: f32): i32 {
  const reach = drawReach(plan);
  const first = firstOf(plan, at, reach);
  // A thing without a context has nothing to learn from.
  if (first == at && (at + 1 >= count || tokenAt(plan, at + 1) < 0)) return 0;
  const end = collect(plan, tokenAt(plan, at), plan.bag);
  gather(plan.bag, end, plan.stride, plan.vector);
  // What the vector was, until it is clear what it learned.
  memory.copy(plan.learned, plan.vector, plan.stride);
  // One prediction's rows are drawn before the one before it is learned.
  let drawn = plan.outputs;
  let waiting = plan.nextOutputs;
  let predictions = 0;
  for (let other = first; other < count && other - at <= reach; other++) {
    if (other == at) continue;
    const context = tokenAt(plan, other);
    if (context < 0) break;
    drawOutputs(plan, context, drawn);
    if (predictions > 0) learn(plan, plan.vector, waiting, rate);
    const swapped = waiting;
    waiting = drawn;
    drawn = swapped;
    predictions++;
  }
  learn(plan, plan.vector, waiting, rate);
  if (plan.learnsThings) {
    subtract(plan.vector, plan.learned, plan.stride);
    spread(plan.bag, end, plan.stride, plan.learned);
  }
  return predictions;
}

/** DBOW: the sequence's vector, in scratch from its first thing to its last, predicts each of its things. */
function trainSequences(plan: Plan, count: i32, rate: f32): i32 {
  let sequence: usize = 0;
  let predictions = 0;
  let drawn = plan.outputs;
  let waiting: usize = 0;
  for (let at = 0; at < count; at++) {
    const token = tokenAt(plan, at);
    if (token < 0) {
      if (waiting != 0) learn(plan, plan.sequenceVector, waiting, rate);
      waiting = 0;
      closeSequence(plan, sequence);
      sequence = token < -1 ? rowOfSequence(plan, token) : 0;
      if (sequence != 0) {
        memory.copy(plan.sequenceVector, sequence, plan.stride);
        memory.copy(plan.sequenceStart, sequence, plan.stride);
      }
      continue;
    }
    if (plan.trainsThings) {
      if (waiting != 0) learn(plan, plan.sequenceVector, waiting, rate);
      waiting = 0;
      predictions += trainCentre(plan, at, count, rate);
    }
    if (sequence == 0) continue;
    // Its rows are drawn before the prediction before it is learned.
    drawOutputs(plan, token, drawn);
    if (waiting != 0) learn(plan, plan.sequenceVector, waiting, rate);
    waiting = drawn;
    drawn = drawn == plan.outputs ? plan.nextOutputs : plan.outputs;
    predictions++;
  }
  if (waiting != 0) learn(plan, plan.sequenceVector, waiting, rate);
  closeSequence(plan, sequence);
  return predictions;
}

function closeSequence(plan: Plan, sequence: usize): void {
  if (sequence == 0 || !plan.learnsSequences) return;
  store<usize>(plan.bag, sequence);
  subtract(plan.sequenceVector, plan.sequenceStart, plan.stride);
  spread(plan.bag, plan.bag + 4, plan.stride, plan.sequenceStart);
}

/** Distributed Memory with concatenation: the sequence, then the contexts from the furthest left to the furthest right. */
function trainConcatenation(plan: Plan, count: i32, rate: f32): i32 {
  const stride = plan.stride;
  let sequence: usize = 0;
  let predictions = 0;
  for (let at = 0; at < count; at++) {
    const target = tokenAt(plan, at);
    if (target < 0) {
      sequence = target < -1 ? rowOfSequence(plan, target) : 0;
      continue;
    }
    store<usize>(plan.bag, sequence != 0 ? sequence : plan.empty);
    const first = firstOf(plan, at, plan.window);
    let slot = plan.bag + 4;
    for (let other = at - plan.window; other < first; other++, slot += 4) store<usize>(slot, plan.empty);
    for (let other = first; other < at; other++, slot += 4) store<usize>(slot, rowOf(plan, tokenAt(plan, other)));
    let inside = true;
    for (let other = at + 1; other <= at + plan.window; other++, slot += 4) {
      if (inside && (other >= count || tokenAt(plan, other) < 0)) inside = false;
      store<usize>(slot, inside ? rowOf(plan, tokenAt(plan, other)) : plan.empty);
    }
    drawOutputs(plan, target, plan.outputs);
    gradeSlots(plan.bag, slot, plan.outputs, plan.group, stride, plan.sigmoid, rate, plan.coefficients);
    learnConcatenation(plan, slot, sequence != 0, rate);
    predictions++;
  }
  return predictions;
}

/** What the slots from `plan.bag` to `end` and the outputs, whose coefficients are known, learn from each other. */
// @ts-ignore: decorator
@inline
function learnConcatenation(plan: Plan, end: usize, hasSequence: bool, rate: f32): void {
  const stride = plan.stride;
  const outputs = plan.outputs;
  const coefficients = plan.coefficients;
  const firstLearns = <bool>(plan.learnsSequences & i32(hasSequence));
  const othersLearn = <bool>plan.learnsThings;
  if (plan.learnsOutputs) {
    const rows = keepRows(outputs, 1 + plan.negatives, LEAST_ERROR * rate, coefficients, plan.random);
    learnSlots(plan.bag, end, firstLearns, othersLearn, plan.learned, outputs, rows, stride, coefficients);
    return;
  }
  for (let entry = plan.bag, at: usize = 0; entry < end; entry += 4, at += stride) {
    if (entry == plan.bag ? !firstLearns : !othersLearn) continue;
    learnSlotFromFrozen(load<usize>(entry), at, outputs, plan.group, stride, coefficients);
  }
}

// @ts-ignore: decorator
@inline
function rowOf(plan: Plan, row: i32): usize {
  return rowToUse(plan.inputs, row, 1);
}

/** Writes the addresses of a thing's rows at `end` and returns the new end. */
// @ts-ignore: decorator
@inline
function collect(plan: Plan, thing: i32, end: usize): usize {
  if (plan.partOffsets == 0) {
    store<usize>(end, rowOf(plan, thing));
    return end + 4;
  }
  const offsets = plan.partOffsets + (<usize>thing << 2);
  const last = plan.parts + (load<usize>(offsets, 4) << 2);
  for (let part = plan.parts + (load<usize>(offsets) << 2); part < last; part += 4, end += 4) {
    store<usize>(end, rowOf(plan, load<i32>(part)));
  }
  return end;
}

/** The mean of the rows from `bag` to `end`. */
// @ts-ignore: decorator
@inline
function gather(bag: usize, end: usize, stride: usize, mean: usize): void {
  addUp(bag, end, stride, <f32>1 / <f32>((end - bag) >> 2), mean);
}

/** The sum of the rows from `bag` to `end`, times `by`. */
function addUp(bag: usize, end: usize, stride: usize, by: f32, to: usize): void {
  const share = f32x4.splat(by);
  const first = load<usize>(bag);
  const unrolled = stride & ~127;
  let at: usize = 0;
  for (; at < unrolled; at += 128) {
    const p = first + at;
    let a = v128.load(p);
    let b = v128.load(p, 16);
    let c = v128.load(p, 32);
    let d = v128.load(p, 48);
    let e = v128.load(p, 64);
    let f = v128.load(p, 80);
    let g = v128.load(p, 96);
    let h = v128.load(p, 112);
    for (let row = bag + 4; row < end; row += 4) {
      const q = load<usize>(row) + at;
      a = f32x4.add(a, v128.load(q));
      b = f32x4.add(b, v128.load(q, 16));
      c = f32x4.add(c, v128.load(q, 32));
      d = f32x4.add(d, v128.load(q, 48));
      e = f32x4.add(e, v128.load(q, 64));
      f = f32x4.add(f, v128.load(q, 80));
      g = f32x4.add(g, v128.load(q, 96));
      h = f32x4.add(h, v128.load(q, 112));
    }
    v128.store(to + at, f32x4.mul(a, share));
    v128.store(to + at, f32x4.mul(b, share), 16);
    v128.store(to + at, f32x4.mul(c, share), 32);
    v128.store(to + at, f32x4.mul(d, share), 48);
    v128.store(to + at, f32x4.mul(e, share), 64);
    v128.store(to + at, f32x4.mul(f, share), 80);
    v128.store(to + at, f32x4.mul(g, share), 96);
    v128.store(to + at, f32x4.mul(h, share), 112);
  }
  for (; at < stride; at += 16) {
    let a = v128.load(first + at);
    for (let row = bag + 4; row < end; row += 4) a = f32x4.add(a, v128.load(load<usize>(row) + at));
    v128.store(to + at, f32x4.mul(a, share));
  }
}

/** Leaves at `start` what the vector has learned since it was that. */
function subtract(vector: usize, start: usize, stride: usize): void {
  for (let d: usize = 0; d < stride; d += 16) {
    v128.store(start + d, f32x4.sub(v128.load(vector + d), v128.load(start + d)));
  }
}

/** Adds what was learned to each row from `bag` to `end`: a row that is there twice gets it twice. */
function spread(bag: usize, end: usize, stride: usize, learned: usize): void {
  const unrolled = stride & ~127;
  let at: usize = 0;
  for (; at < unrolled; at += 128) {
    const a = v128.load(learned + at);
    const b = v128.load(learned + at, 16);
    const c = v128.load(learned + at, 32);
    const d = v128.load(learned + at, 48);
    const e = v128.load(learned + at, 64);
    const f = v128.load(learned + at, 80);
    const g = v128.load(learned + at, 96);
    const h = v128.load(learned + at, 112);
    for (let row = bag; row < end; row += 4) {
      const p = load<usize>(row) + at;
      v128.store(p, f32x4.add(v128.load(p), a));
      v128.store(p, f32x4.add(v128.load(p, 16), b), 16);
      v128.store(p, f32x4.add(v128.load(p, 32), c), 32);
      v128.store(p, f32x4.add(v128.load(p, 48), d), 48);
      v128.store(p, f32x4.add(v128.load(p, 64), e), 64);
      v128.store(p, f32x4.add(v128.load(p, 80), f), 80);
      v128.store(p, f32x4.add(v128.load(p, 96), g), 96);
      v128.store(p, f32x4.add(v128.load(p, 112), h), 112);
    }
  }
  for (; at < stride; at += 16) {
    const a = v128.load(learned + at);
    for (let row = bag; row < end; row += 4) {
      const p = load<usize>(row) + at;
      v128.store(p, f32x4.add(v128.load(p), a));
    }
  }
}

/**
 * Writes the rows of a prediction, the target's and those of its negatives, at `outputs`, and touches every line of those
 * that may be in no cache: they are on their way into it while other work is done before `learn` wants them. Those of the
 * pool are in one.
 */
function drawOutputs(plan: Plan, target: u32, outputs: usize): void {
  const positive = rowToUse(plan.outputRows, target, 1);
  // A negative that is the target must be known for it, whichever of its two rows is learned on.
  const own = sharedRow(plan.outputRows, target);
  store<usize>(outputs, positive);
  // Of a wide row the processor fetches the rest itself once its beginning is read; waiting for all of it first is slower.
  if (plan.mode != DM_CONCATENATION) fetch(positive, plan.width);
  const drawn = (<usize>plan.negatives + 1) << 2;
  const whole = <usize>plan.group << 2;
  if (plan.partOffsets == 0) {
    takeNegatives(plan.pool, outputs + 4, outputs + drawn, own, positive);
    renewPool(plan.pool, plan.negatives);
  } else {
    for (let k: usize = 4; k < drawn; k += 4) {
      const row = freshNegative(plan);
      store<usize>(outputs + k, row == own ? positive : row);
    }
  }
  for (let k = drawn; k < whole; k += 4) store<usize>(outputs + k, positive);
}

/** Where things have parts the work on those is most of it, so negatives are drawn straight from the noise. */
// @ts-ignore: decorator
@inline
function freshNegative(plan: Plan): usize {
  const pool = plan.pool;
  const row = pool.first + <usize>drawNegative(pool.random, pool.noise, pool.rows) * pool.stride;
  fetch(row, pool.stride);
  return row;
}

// @ts-ignore: decorator
@inline
function fetch(row: usize, width: usize): void {
  for (let d: usize = 0; d < width; d += 64) load<u32>(row + d);
}

/** One prediction: the vector against the rows at `outputs`. */
// @ts-ignore: decorator
@inline
function learn(plan: Plan, vector: usize, outputs: usize, rate: f32): void {
  const stride = plan.stride;
  if (plan.learnsOutputs == 0) {
    oneByFrozen(vector, vector, outputs, plan.group, stride, plan.sigmoid, rate, plan.coefficients);
  } else if (plan.group == 6) {
    oneBySix(vector, outputs, stride, plan.sigmoid, rate);
  } else {
    oneByMany(vector, outputs, plan.group, stride, plan.sigmoid, rate, plan.coefficients, plan.gradients);
  }
}

/** The same of the plan's vector and outputs; what the vector would learn is left at `plan.learned`. */
// @ts-ignore: decorator
@inline
function learnApart(plan: Plan, rate: f32): void {
  const stride = plan.stride;
  if (plan.learnsOutputs == 0) {
    memory.fill(plan.learned, 0, stride);
    oneByFrozen(plan.vector, plan.learned, plan.outputs, plan.group, stride, plan.sigmoid, rate, plan.coefficients);
  } else if (plan.group == 6) {
    oneBySixApart(plan.vector, plan.learned, plan.outputs, stride, plan.sigmoid, rate);
  } else {
    oneByManyApart(plan.vector, plan.learned, plan.outputs, plan.group, stride, plan.sigmoid, rate, plan.coefficients);
  }
}
