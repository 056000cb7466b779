/**
 * The command line: puts the verbs together, runs the one that was asked for, and turns what came of it into an exit code:
 * 0, 1 (failed) or 2 (bad usage).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { analogyCommand } from './analogy';
import { compareCommand } from './compare';
import { deadLettersCommand } from './dead-letters';
import { doctorCommand } from './doctor';
import { evaluateCommand } from './evaluate';
import { exportCommand } from './export';
import { exitCodeOf, tellFailure } from './failures';
import { ingestCommand } from './ingest';
import { modelsCommand } from './models';
import { nextCommand } from './next';
import { oddOneOutCommand } from './odd-one-out';
import { promoteCommand } from './promote';
import { publishCommand } from './publish';
import { replayCommand, replaysCommand } from './replay';
import { rollbackCommand } from './rollback';
import { scoreCommand } from './score';
import { serveCommand } from './serve';
import { similarCommand } from './similar';
import { streamsCommand } from './streams';
import { openTerminal } from './terminal';
import { trainCommand } from './train';
import { upCommand } from './up';
import { vectorCommand } from './vector';

/** package.json stands two folders up, from src/cli and from dist/cli alike. */
function version(): string {
  const manifest = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

export function program(): Command {
  const kindred = new Command('kindred')
    .description('Turns streams of behaviour into vectors, and vectors into answers.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(kindred --help lists the verbs; kindred <verb> --help has examples)')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .addHelpText(
      'after',
      `
Data goes to stdout, progress and messages to stderr. Exit code: 0 done, 1 failed, 2 bad usage.

Examples:
  kindred up                                       the demo community, trained and served
  kindred ingest interactions plays.csv.gz --data-dir mine
  kindred train word2vec --promote --data-dir mine
  kindred similar items book-0001`,
    )
    .exitOverride();
  for (const verb of [
    upCommand(),
    serveCommand(),
    ingestCommand(),
    publishCommand(),
    trainCommand(),
    evaluateCommand(),
    modelsCommand(),
    promoteCommand(),
    rollbackCommand(),
    similarCommand(),
    analogyCommand(),
    oddOneOutCommand(),
    compareCommand(),
    nextCommand(),
    vectorCommand(),
    scoreCommand(),
    replayCommand(),
    replaysCommand(),
    streamsCommand(),
    deadLettersCommand(),
    exportCommand(),
    doctorCommand(),
  ])
    kindred.addCommand(inheriting(verb, kindred));
  return kindred;
}

function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const part of command.commands) inheriting(part, command);
  return command;
}

/** @returns the exit code; never rejects */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  try {
    const kindred = program();
    if (argv.length === 0) {
      kindred.outputHelp({ error: true });
      return 2;
    }
    await kindred.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said its piece already; help and version end here too, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    tellFailure(error, openTerminal({ env }), {
      json: argv.includes('--json'),
      debug: env.KINDRED_LOG_LEVEL === 'debug' || env.KINDRED_LOG_LEVEL === 'trace',
    });
    return exitCodeOf(error);
  }
}
