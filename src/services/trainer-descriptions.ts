/** What trainers there are, where their vectors go, and what can be set: for help texts and for whoever starts a run. */
import { describeOptions, type OptionDescription } from '../training/option-descriptions';
import { parseOptions, trainers } from '../training/trainers';
import { lessons } from './learning/lessons';

export interface TrainerDescription {
  readonly name: string;
  /** Where its vectors go with the usual options, unless a run says otherwise. */
  readonly space: string;
  readonly options: readonly OptionDescription[];
}

export function describeTrainers(): TrainerDescription[] {
  return Object.values(trainers).map((trainer) => ({
    name: trainer.name,
    space: lessons[trainer.name].space(parseOptions(trainer)),
    options: describeOptions(trainer.options),
  }));
}
