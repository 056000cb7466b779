/** What `train` and `evaluate` have in common: the trainer's options, the range of data, and how a run is watched. */
import type { Command } from 'commander';
import { STOPPING } from '../services/run-in-progress';
import { describeTrainers, type TrainerDescription } from '../services/trainer-descriptions';
import type { StartTraining } from '../services/training';
import { collectSetting, parseMoment } from './arguments';
import { table } from './model-text';
import { type Session, type StoreOptions, withStoreOption } from './session';

export interface TrainingOptions extends StoreOptions {
  space?: string;
  set?: Record<string, string>;
  from?: Date;
  to?: Date;
  json?: boolean;
}

export function withTrainingOptions(command: Command): Command {
  return withStoreOption(command)
    .option('--space <name>', "the space that the vectors belong to (default: the trainer's own, by its options)")
    .option('--set <option=value>', 'a trainer option; may be repeated', collectSetting)
    .option('--from <time>', 'learn only from records at or after this day or time', parseMoment)
    .option('--to <time>', 'learn only from records before this day or time', parseMoment);
}

export function trainingInput(options: TrainingOptions): Omit<StartTraining, 'trainer'> {
  return { space: options.space, options: options.set ?? {}, dataFrom: options.from, dataTo: options.to };
}

function optionTable({ name, space, options }: TrainerDescription): string {
  const rows = options.map((option) => [`  ${option.name}`, option.type, option.default, option.meaning]);
  const where = options.some((option) => option.name === 'field')
    ? `space ${space} with the usual options`
    : `space ${space}`;
  return `${name} (${where}), options for --set:\n${table(['  option', 'type', 'default', 'meaning'], rows)}`;
}

/** Help that lists the options of the trainer named, or of all. */
export function trainersText(trainer?: string): string {
  const all = describeTrainers();
  const named = all.filter((each) => each.name === trainer);
  return (named.length > 0 ? named : all).map(optionTable).join('\n');
}

interface Running {
  cancel(): void;
  onProgress(listener: (run: { phase?: string; done: number; total: number }) => void): () => void;
  onNotice(listener: (sentence: string) => void): void;
}

/** Shows a run's progress until it ends, and cancels it at Ctrl-C. */
export async function watchRun<T>(
  title: string,
  running: Running,
  result: Promise<T>,
  { terminal, signal }: Session,
): Promise<T> {
  const progress = terminal.progress(title);
  const unlisten = running.onProgress((run) => progress.report(run));
  running.onNotice((sentence) => terminal.say(`${title}: ${sentence}`));
  const cancel = (): void => {
    terminal.say(`${title}: ${STOPPING}`);
    running.cancel();
  };
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const value = await result;
    progress.finish();
    return value;
  } catch (error) {
    progress.abandon();
    throw error;
  } finally {
    unlisten();
    signal.removeEventListener('abort', cancel);
  }
}
