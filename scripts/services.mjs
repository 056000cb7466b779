/** Postgres with pgvector and Kafka, without Docker, for developers and CI: scripts/postgres.mjs and scripts/kafka.mjs together. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `usage: node scripts/services.mjs install|start|status|pause|stop [--home FOLDER]

  install  what is missing of both: Postgres from Debian with pgvector built from source, Java from Debian, Kafka's jars from
           Maven Central (needs root)
  start    starts both, or finds them running, and prints the variables that name them; in a shell:
             eval "$(node scripts/services.mjs start)"
  status   says what runs; exit code 1 unless both do
  pause    stops both and keeps their data: start goes on from there, on the same ports
  stop     stops both and removes their data

Without --home they are the throw-away pair of the tests, in the system's temporary folder, and start exports
KINDRED_TEST_DATABASE_URL and KINDRED_TEST_KAFKA_BROKERS.
With --home FOLDER they are a pair of your own, in FOLDER/postgres and FOLDER/kafka, and start exports DATABASE_URL and
KAFKA_BROKERS, so that "kindred up" uses them at once. Any number of pairs run beside each other; each finds free ports.
As root, FOLDER has to be one that the user "postgres" can reach.`;

const SERVICES = [
  {
    name: 'postgres',
    title: 'Postgres',
    file: 'url',
    testVariable: 'KINDRED_TEST_DATABASE_URL',
    variable: 'DATABASE_URL',
  },
  {
    name: 'kafka',
    title: 'Kafka',
    file: 'brokers',
    testVariable: 'KINDRED_TEST_KAFKA_BROKERS',
    variable: 'KAFKA_BROKERS',
  },
];

const log = (line) => console.error(`services: ${line}`);
const scripts = dirname(fileURLToPath(import.meta.url));

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { home: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
    });
  } catch (error) {
    return fail(`${error.message}\n\n${HELP}`, 2);
  }
}

function fail(message, code = 1) {
  log(message);
  process.exit(code);
}

/** Progress goes to stderr as it comes; what is printed to stdout is given back. */
function ask({ name, title }, verb, home) {
  const more = home && verb !== 'install' ? ['--home', join(home, name)] : [];
  const done = spawnSync(process.execPath, [join(scripts, `${name}.mjs`), verb, ...more], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (done.status !== 0) fail(`${title}: ${verb} failed${done.error ? `: ${done.error.message}` : ', see above'}`);
  return done.stdout;
}

function start(home) {
  if (home) mkdirSync(home, { recursive: true });
  // All or nothing is printed: half an environment would be taken for a whole one.
  const lines = SERVICES.map((service) => {
    const said = ask(service, 'start', home);
    const given = said.match(new RegExp(`^export ${service.testVariable}=(.+)$`, 'm'))?.[1];
    if (given === undefined) fail(`${service.title}: started, but did not say where: ${said}`);
    return `export ${home ? service.variable : service.testVariable}='${given}'`;
  });
  console.log(lines.join('\n'));
}

function status(home) {
  const running = SERVICES.map((service) => {
    const folder = home ? join(home, service.name) : join(tmpdir(), `kindred-test-${service.name}`);
    const address = existsSync(join(folder, service.file)) && readFileSync(join(folder, service.file), 'utf8');
    const pid = runningPid(service, folder);
    const state = pid === undefined ? (address ? 'paused' : 'not there') : `runs as process ${pid}`;
    console.log(`${service.title.padEnd(8)}  ${state}${address ? `  ${address}` : ''}`);
    return pid !== undefined;
  });
  if (!running.every(Boolean)) process.exitCode = 1;
}

function runningPid({ name }, folder) {
  const file = name === 'postgres' ? join(folder, 'data', 'postmaster.pid') : join(folder, 'pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  // A file that a killed service left may name a process of somebody else's by now.
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes(folder) ? pid : undefined;
}

const each = (verb) => (home) => {
  for (const service of SERVICES) ask(service, verb, home);
};
const verbs = { install: each('install'), start, status, pause: each('pause'), stop: each('stop') };

const { values, positionals } = readArguments();
if (values.help) {
  console.log(HELP);
} else {
  const verb = positionals.length === 1 && Object.hasOwn(verbs, positionals[0]) ? verbs[positionals[0]] : undefined;
  if (!verb) fail(HELP, 2);
  verb(values.home && resolve(values.home));
}
