/**
 * A Kafka broker (KRaft, one node) for tests, benchmarks and developers, without Docker.
 *   node scripts/kafka.mjs install          Java and Maven from Debian where they are missing (needs root), Kafka's jars from Maven Central
 *   eval "$(node scripts/kafka.mjs start)"  starts it on a free port and sets KINDRED_TEST_KAFKA_BROKERS
 *   node scripts/kafka.mjs pause            stops it and keeps its data: start goes on from there, on the same port
 *   node scripts/kafka.mjs stop             stops it and removes its data
 *   node scripts/kafka.mjs jars             prints where Kafka's jars are, for its own tools
 * --home FOLDER  another broker beside the usual one
 * --properties FILE, --scram CREDENTIAL  settings after its own, and users (as kafka-storage's --add-scram takes them)
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const VERSION = '4.1.0';
const START_MILLIS = 60_000;
const STOP_MILLIS = 20_000;
const log = (line) => console.error(`kafka: ${line}`);

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    home: { type: 'string' },
    properties: { type: 'string' },
    scram: { type: 'string', multiple: true, default: [] },
  },
});
const home = options.home ? resolve(options.home) : join(tmpdir(), 'kindred-test-kafka');
const jars = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kindred', `kafka-${VERSION}`);
const files = {
  data: join(home, 'data'),
  settings: join(home, 'server.properties'),
  pid: join(home, 'pid'),
  brokers: join(home, 'brokers'),
  log: join(home, 'log'),
};

function run(command, args, given = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...given });
  if (done.status !== 0) throw new Error(`${command} ${args[0]} failed: ${done.stderr || done.stdout || done.error}`);
  return done.stdout;
}

const works = (command, argument) => spawnSync(command, [argument], { stdio: 'ignore' }).status === 0;

function install() {
  const missing = [
    ...(works('java', '-version') ? [] : ['openjdk-17-jre-headless']),
    ...(existsSync(jars) || works('mvn', '-version') ? [] : ['maven']),
  ];
  if (missing.length > 0) {
    log(`installing ${missing.join(' and ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-q'], { env });
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { env });
  }
  if (existsSync(jars)) return log(`Kafka ${VERSION} is there already`);
  fetchJars();
  log(`Kafka ${VERSION} is installed`);
}

/** Into a folder beside the final one, so that a fetch that was cut short leaves nothing that looks whole. */
function fetchJars() {
  const making = `${jars}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
      <groupId>kindred</groupId><artifactId>broker</artifactId><version>1</version><dependencies>
      <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
      <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${VERSION}</version></dependency>
      </dependencies></project>`;
    writeFileSync(join(making, 'pom.xml'), project);
    log(`fetching Kafka ${VERSION} from Maven Central`);
    run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=jars', '-DincludeScope=runtime'], {
      cwd: making,
    });
    if (existsSync(jars)) return;
    renameSync(making, jars);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

const freePort = () =>
  new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });

/** "Which requests do you know?" (ApiVersions 0), asked by nobody in particular. */
const QUESTION = Buffer.from('0000000a0012000000000001ffff', 'hex');

/** A broker takes connections before it works on what they ask: it is there once it says anything, be it goodbye. */
const answers = (port) =>
  new Promise((told) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(QUESTION));
    const tell = (heard) => {
      socket.destroy();
      told(heard);
    };
    socket.once('data', () => tell(true)).once('end', () => tell(true));
    socket.once('error', () => tell(false)).setTimeout(1_000, () => tell(false));
  });

/** The id of the running broker; undefined where there is none. A process that took the id over is not ours. */
function runningPid() {
  if (!existsSync(files.pid)) return undefined;
  const pid = Number(readFileSync(files.pid, 'utf8'));
  const command = `/proc/${pid}/cmdline`;
  return existsSync(command) && readFileSync(command, 'utf8').includes(files.settings) ? pid : undefined;
}

const classpath = () => join(jars, 'jars', '*');

async function makeData() {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const port = await freePort();
  const controller = await freePort();
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': files.data,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'auto.create.topics.enable': false,
    ...propertiesOf(options.properties),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const text = lines.join('\n').replaceAll('@PORT@', port).replaceAll('@CONTROLLER_PORT@', controller);
  writeFileSync(files.settings, `${text}\n`);
  // Not beginning with a hyphen, which the tool would take for an option.
  const id = `k${randomBytes(16).toString('base64url').slice(1)}`;
  const users = options.scram.flatMap((user) => ['--add-scram', user]);
  run('java', ['-cp', classpath(), 'kafka.tools.StorageTool', 'format', '-t', id, '-c', files.settings, ...users]);
  writeFileSync(files.brokers, `127.0.0.1:${port}`);
}

/** Where a value names the broker's own ports it says @PORT@ and @CONTROLLER_PORT@. */
function propertiesOf(file) {
  if (!file) return {};
  const lines = readFileSync(file, 'utf8').split('\n');
  const pairs = lines
    .filter((line) => /^[^#\s][^=]*=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs);
}

async function start() {
  if (!existsSync(jars)) throw new Error('Kafka is not installed; run: node scripts/kafka.mjs install');
  if (runningPid() === undefined) {
    if (!existsSync(files.brokers) || !existsSync(files.data)) await makeData();
    const out = openSync(files.log, 'a');
    const broker = spawn(
      'java',
      ['-Xms256m', '-Xmx768m', '-XX:+UseG1GC', '-cp', classpath(), 'kafka.Kafka', files.settings],
      {
        detached: true,
        stdio: ['ignore', out, out],
        cwd: home,
      },
    );
    writeFileSync(files.pid, String(broker.pid));
    broker.unref();
    await untilItAnswers();
  }
  console.log(`export KINDRED_TEST_KAFKA_BROKERS=${readFileSync(files.brokers, 'utf8')}`);
}

async function untilItAnswers() {
  const port = Number(readFileSync(files.brokers, 'utf8').split(':')[1]);
  for (const end = Date.now() + START_MILLIS; Date.now() < end; await sleep(200)) {
    if (runningPid() === undefined)
      throw new Error(`it ended at once: ${readFileSync(files.log, 'utf8').slice(-2_000)}`);
    if (await answers(port)) return log(`Kafka ${VERSION} listens on port ${port}`);
  }
  await pause();
  throw new Error(`it did not answer within ${START_MILLIS / 1_000} s; see ${files.log}`);
}

async function pause() {
  const pid = runningPid();
  if (pid === undefined) return log('not running');
  process.kill(pid, 'SIGTERM');
  const end = Date.now() + STOP_MILLIS;
  while (runningPid() !== undefined && Date.now() < end) await sleep(100);
  if (runningPid() !== undefined) process.kill(pid, 'SIGKILL');
  rmSync(files.pid, { force: true });
  log('stopped');
}

async function stop() {
  await pause();
  // Only what start made: a folder of somebody else's has no such file.
  if (existsSync(files.settings)) rmSync(home, { recursive: true, force: true });
}

const verbs = { install, start, pause, stop, jars: () => console.log(join(jars, 'jars')) };
const verb = verbs[positionals[0]];
if (!verb) {
  console.error('usage: node scripts/kafka.mjs install|start|pause|stop|jars [--home folder]');
  process.exit(2);
}
try {
  await verb();
} catch (error) {
  log(error.message);
  process.exit(1);
}
