/** CoLES's network: a GRU over what is known of each event; its state after the newest one is the sequence's vector. */
import type { Tensor } from '../../onnx/graph';
import { reshape } from '../../onnx/operations/broadcasting';
import { slice, transpose } from '../../onnx/operations/shaping';
import { Random } from '../../onnx/random';
import { KEPT_A_UNIT, recurrent, recurrentParameters } from '../../onnx/recurrent';
import { type EventInputs, embedEvents, eventParameters, eventTables, eventWidth, isEvent } from '../event-inputs';
import type { SliceNetwork } from './contrastive-training';

export interface ColesShape {
  readonly dimension: number;
  readonly thingDimension: number;
}

export function colesNetwork(
  inputs: EventInputs,
  { dimension, thingDimension }: ColesShape,
  seed: number,
): SliceNetwork {
  const random = new Random(seed);
  const width = eventWidth(inputs, thingDimension);
  const layer = { name: 'gru', cell: 'gru', inputs: width, units: dimension } as const;
  return {
    tables: eventTables(inputs),
    keptAnEvent: width + KEPT_A_UNIT * dimension,
    parameters: [...eventParameters(inputs, thingDimension, random), ...recurrentParameters(layer, random)],
    encode: ({ events, parameters }, { rows, length }) => {
      const timeMajor = (x: Tensor, columns: number) => transpose(reshape(x, [rows, length, columns]), [1, 0, 2]);
      const x = timeMajor(embedEvents(inputs, events, parameters), width);
      const mask = reshape(timeMajor(isEvent(events), 1), [length, rows]);
      const states = recurrent(x, layer, parameters, { mask });
      return reshape(slice(states, { axis: 0, start: length - 1, end: length }), [rows, dimension]);
    },
  };
}
