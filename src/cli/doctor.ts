/** `kindred doctor`: looks over everything that Kindred needs and says the remedy for what is amiss. */
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import type { Config } from '../config';
import { KindredError } from '../errors';
import { kafkaFindings } from './doctor-kafka';
import type { Finding } from './finding';
import { portObstacle } from './port';
import { configFor, type StoreOptions, withStoreOption } from './session';
import { openTerminal } from './terminal';

interface DoctorOptions extends StoreOptions {
  json?: boolean;
}

const GIGABYTE = 2 ** 30;

export function doctorCommand(): Command {
  return withStoreOption(new Command('doctor'))
    .description('check the environment, and say the remedy for what is amiss')
    .option('--json', 'one JSON array of findings')
    .addHelpText(
      'after',
      '\nExit code 1 where something fails.\n\nExamples:\n  kindred doctor\n  kindred doctor --json',
    )
    .action(doctor);
}

async function doctor(options: DoctorOptions): Promise<void> {
  const terminal = openTerminal();
  const config = configFor(options);
  const findings = [
    node(),
    packages(),
    processors(config),
    memory(),
    ...(config.databaseUrl ? [] : [writable(config.dataDir), disk(config.dataDir)]),
    await store(config),
    ...(config.kafka ? await kafkaFindings(config.kafka) : []),
    await port(config),
  ];
  if (options.json) await terminal.data(`${JSON.stringify(findings)}\n`);
  else
    for (const { check, state, found, remedy } of findings) {
      await terminal.data(`${state.padEnd(4)}  ${check}: ${found}\n`);
      if (remedy) await terminal.data(`      remedy: ${remedy}\n`);
    }
  const failed = findings.filter((finding) => finding.state === 'fail');
  if (failed.length > 0)
    throw new KindredError(
      'ENVIRONMENT_UNFIT',
      `${failed.map((finding) => finding.check).join(', ')}: not as needed.`,
      {
        remedy: 'Follow the remedies listed above, then run kindred doctor again.',
        facts: { failed: failed.map((finding) => finding.check) },
      },
    );
}

function node(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return fits
    ? { check: 'Node', state: 'ok', found: `${process.versions.node} on ${process.platform} ${process.arch}` }
    : {
        check: 'Node',
        state: 'fail',
        found: process.versions.node,
        remedy: 'Install Node 20.19 or newer.',
      };
}

/** The packages that hold compiled code: the ones that can be there and yet not fit this machine. */
function packages(): Finding {
  const compiled = ['onnxruntime-node', '@electric-sql/pglite', '@electric-sql/pglite-pgvector'];
  const broken = compiled.filter((name) => {
    try {
      require(name);
      return false;
    } catch {
      return true;
    }
  });
  return broken.length === 0
    ? { check: 'packages', state: 'ok', found: `${compiled.join(', ')} load` }
    : {
        check: 'packages',
        state: 'fail',
        found: `${broken.join(', ')} cannot be loaded`,
        remedy: 'Run npm ci --ignore-scripts in the project folder, on this machine and with this Node.',
      };
}

function processors({ trainingThreads }: Config): Finding {
  const cores = availableParallelism();
  return trainingThreads <= cores
    ? { check: 'processors', state: 'ok', found: `${cores}, training uses ${trainingThreads}` }
    : {
        check: 'processors',
        state: 'warn',
        found: `${cores}, but training would use ${trainingThreads} threads`,
        remedy: 'Set KINDRED_TRAINING_THREADS to the number of cores, or 0.',
      };
}

function memory(): Finding {
  // What the system could give, where it says so: caches count as free.
  const available = process.availableMemory?.() ?? freemem();
  const found = `${(available / GIGABYTE).toFixed(1)} GB available`;
  return available >= GIGABYTE
    ? { check: 'memory', state: 'ok', found }
    : {
        check: 'memory',
        state: 'warn',
        found,
        remedy: 'The demo needs about 1 GB: end other programs, or train with smaller --set dimension=….',
      };
}

/** The folder itself, or the nearest one above it that is there: that is where it would be made. */
function existing(folder: string): string {
  let at = folder;
  while (!existsSync(at)) at = dirname(at);
  return at;
}

function writable(dataDir: string): Finding {
  const folder = existing(dataDir);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    const probe = mkdtempSync(join(folder, '.kindred-doctor-'));
    rmSync(probe, { recursive: true });
    return { check: 'data folder', state: 'ok', found: `${dataDir} can be written` };
  } catch (error) {
    return {
      check: 'data folder',
      state: 'fail',
      found: `${folder} cannot be written: ${(error as Error).message}`,
      remedy: 'Give this user the right to write there, or choose another folder with --data-dir.',
    };
  }
}

function disk(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(existing(dataDir));
  const free = bavail * bsize;
  const found = `${(free / GIGABYTE).toFixed(1)} GB free`;
  return free >= GIGABYTE
    ? { check: 'disk', state: 'ok', found }
    : { check: 'disk', state: 'warn', found, remedy: 'Make room, or choose a folder on another disk with --data-dir.' };
}

async function store(config: Config): Promise<Finding> {
  const check = config.databaseUrl ? 'Postgres' : 'embedded store';
  // Looking must not make a store where there is none.
  if (!config.databaseUrl && !existsSync(config.dataDir))
    return { check, state: 'ok', found: `${config.dataDir} is not there yet; the first start makes it` };
  try {
    const { createApp } = await import('../app');
    const app = await createApp(config);
    try {
      const { version, pgvector, warnings } = await app.services.store.describe();
      return {
        check,
        state: warnings.length > 0 ? 'warn' : 'ok',
        found: `opens; ${version}, pgvector ${pgvector}`,
        remedy: warnings.length > 0 ? warnings.join(' ') : undefined,
      };
    } finally {
      await app.stop();
    }
  } catch (error) {
    const known = error instanceof KindredError ? error : undefined;
    return {
      check,
      state: 'fail',
      found: known ? `${known.message} [${known.code}]` : (error as Error).message,
      remedy: known?.remedy ?? 'KINDRED_LOG_LEVEL=debug kindred models shows where it happens.',
    };
  }
}

async function port(config: Config): Promise<Finding> {
  const obstacle = await portObstacle(config);
  const address = `${config.host}:${config.port}`;
  return obstacle === undefined
    ? { check: 'port', state: 'ok', found: `${address} is free` }
    : {
        check: 'port',
        state: 'fail',
        found: `${address} cannot be listened on: ${obstacle.message}`,
        remedy: 'Stop what uses it (perhaps another Kindred), or set KINDRED_PORT to a free port.',
      };
}
