/**
 * Follows the Dockerfile without a container engine: each stage in a scratch folder, with the COPY, RUN, ENV, WORKDIR and USER
 * lines as they stand; then starts the image's command as a user without rights, on a tree that this user cannot write to,
 * waits until the image's own health check is content, and stops it as an engine would. Needs Linux and the npm registry.
 * What it cannot show: that the base image fits, and what an engine adds (isolation, limits, its own network).
 *   --keep  leave the folders for a look
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'kindred-image-'));
chmodSync(scratch, 0o755);
/** The base image's user `node`. Without root's rights it is whoever runs this. */
const isRoot = process.getuid() === 0;
const user = isRoot ? { uid: 1000, gid: 1000 } : { uid: process.getuid(), gid: process.getgid() };

const say = (line) => console.error(`check-image: ${line}`);

/** One entry an instruction; lines that end in a backslash go on. */
function readDockerfile(path) {
  const text = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, ' ');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, rest] = /^(\w+)\s+(.*)$/.exec(line.trim());
      return { name: name.toUpperCase(), rest: rest.trim() };
    });
}

/** Whether a file of the project goes to the builder: the last line of .dockerignore that fits decides. */
function inContext(path) {
  let included = true;
  for (const line of readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')) {
    const pattern = line.trim().replace(/^!/, '');
    if (pattern === '' || pattern.startsWith('#')) continue;
    if (pattern !== '*' && /[*?[]/.test(pattern)) throw new Error(`.dockerignore: "${pattern}" is beyond this script`);
    const fits = pattern === '*' || path === pattern || path.startsWith(`${pattern}/`);
    if (fits) included = line.trim().startsWith('!');
  }
  return included;
}

function makeContext() {
  const context = join(scratch, 'context');
  const take = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!inContext(path)) continue;
      if (entry.isDirectory()) take(path);
      else cpSync(join(root, path), join(context, path), { recursive: true });
    }
  };
  take('');
  return context;
}

/** A stage of the build: its files lie below `files`, as an image's lie below /. */
class Stage {
  env = {};
  workdir = '/';
  user = 'root';

  constructor(name) {
    this.name = name;
    this.files = join(scratch, `stage-${name}`);
    mkdirSync(this.files, { recursive: true });
  }

  at(path) {
    return path.startsWith('/') ? join(this.files, path) : join(this.files, this.workdir, path);
  }

  /** What stands in the image's words, in this machine's: absolute paths, and its user. */
  translate(text) {
    return text
      .replaceAll(/(^|\s)(\/(?:app|data)\b)/g, (_, before, path) => `${before}${join(this.files, path)}`)
      .replaceAll('node:node', `${user.uid}:${user.gid}`);
  }

  get environment() {
    const own = Object.entries(this.env).map(([name, value]) => [name, value.startsWith('/') ? this.at(value) : value]);
    // A cache of its own: the Dockerfile empties it.
    return { ...process.env, npm_config_cache: join(scratch, 'npm'), ...Object.fromEntries(own) };
  }

  run(command) {
    say(`${this.name}: RUN ${command}`);
    const startedAt = Date.now();
    execFileSync('sh', ['-ec', this.translate(command)], {
      cwd: this.at('.'),
      env: this.environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    say(`${this.name}: done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  }

  copy(sources, target, from) {
    const many = sources.length > 1 || target.endsWith('/');
    for (const source of sources) {
      const given = join(from, source);
      if (!existsSync(given)) throw new Error(`COPY ${source}: it is not there`);
      const folder = statSync(given).isDirectory();
      // As Docker does it: of a folder its content, of a file the file.
      cpSync(given, many && !folder ? join(this.at(target), basename(source)) : this.at(target), { recursive: true });
    }
  }
}

function build(instructions, context) {
  const stages = [];
  let healthcheck;
  let entrypoint = [];
  let command = [];
  for (const { name, rest } of instructions) {
    const stage = stages.at(-1);
    switch (name) {
      case 'FROM':
        stages.push(new Stage(/\sAS\s+(\S+)$/i.exec(rest)?.[1] ?? 'final'));
        break;
      case 'WORKDIR':
        stage.workdir = rest;
        mkdirSync(stage.at('.'), { recursive: true });
        break;
      case 'ENV':
        for (const [, key, value] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[key] = value;
        break;
      case 'COPY': {
        const words = rest.split(/\s+/);
        const from = words[0].startsWith('--from=') ? words.shift().slice('--from='.length) : undefined;
        const source = from === undefined ? context : stages.find((each) => each.name === from).files;
        stage.copy(words.slice(0, -1), words.at(-1), source);
        break;
      }
      case 'RUN':
        stage.run(rest);
        break;
      case 'USER':
        stage.user = rest;
        break;
      case 'HEALTHCHECK':
        healthcheck = JSON.parse(/CMD\s+(\[.*\])$/.exec(rest)[1]);
        break;
      case 'ENTRYPOINT':
        entrypoint = JSON.parse(rest);
        break;
      case 'CMD':
        command = JSON.parse(rest);
        break;
      case 'LABEL':
      case 'EXPOSE':
        break;
      default:
        throw new Error(`${name} is beyond this script`);
    }
  }
  const image = stages.at(-1);
  if (image.user === 'root') throw new Error('The image runs as root.');
  if (!healthcheck) throw new Error('The image has no health check.');
  return { image, healthcheck, command: [...entrypoint, ...command] };
}

/** Only /data may be written to: as with a read-only root and a volume there. */
function protect(image) {
  if (isRoot) {
    const writable = execFileSync(
      'find',
      [image.at('/app'), '-not', '-type', 'l', '(', '-perm', '-o+w', '-o', '-uid', String(user.uid), ')'],
      {
        encoding: 'utf8',
      },
    );
    if (writable !== '')
      throw new Error(`The image's user could write to: ${writable.split('\n').slice(0, 5).join(', ')}`);
  } else execFileSync('chmod', ['-R', 'a-w', image.at('/app')]);
  accessSync(image.at('/data'), constants.R_OK);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** @returns exit code */
function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
}

async function start({ image, healthcheck, command }) {
  const port = await freePort();
  const env = { ...image.environment, KINDRED_PORT: String(port), HOME: image.at('/data'), NODE_OPTIONS: '' };
  const launch = (words, stdio) =>
    spawn(
      words[0],
      words.slice(1).map((word) => (word.startsWith('/app') ? image.at(word) : word)),
      {
        cwd: image.at('.'),
        env,
        stdio,
        ...(isRoot ? user : {}),
      },
    );
  say(`starting ${command.join(' ')} as user ${user.uid}`);
  const service = launch(command, ['ignore', 'inherit', 'inherit']);
  const end = ended(service);
  try {
    let code;
    for (let tries = 0; tries < 60; tries++) {
      code = await ended(launch(healthcheck, 'ignore'));
      if (code === 0) break;
      if (service.exitCode !== null) throw new Error(`The service ended with ${service.exitCode}.`);
      await sleep(1_000);
    }
    if (code !== 0) throw new Error('The health check was never content.');
    say('the health check is content');
    const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ models { id } }' }),
    });
    const { data } = await answer.json();
    if (!Array.isArray(data?.models)) throw new Error('GraphQL does not answer.');
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    if (!ready.ok) throw new Error(`It is not ready: ${await ready.text()}`);
    say('GraphQL answers; /readyz is content');
  } finally {
    service.kill('SIGTERM');
  }
  const code = await Promise.race([end, sleep(30_000, 'no end within 30 s')]);
  if (code !== 0) {
    service.kill('SIGKILL');
    throw new Error(`After SIGTERM: ${code}.`);
  }
  say('it stopped by itself after SIGTERM');
  if ((await ended(launch(healthcheck, 'ignore'))) === 0) throw new Error('The health check is content with nothing.');
}

try {
  const built = build(readDockerfile(join(root, 'Dockerfile')), makeContext());
  protect(built.image);
  const size = execFileSync('du', ['-sm', built.image.files], { encoding: 'utf8' }).split('\t')[0];
  say(`the image has ${size} MB above its base`);
  await start(built);
  say('the Dockerfile can be followed, and what it makes runs');
} finally {
  if (process.argv.includes('--keep')) say(`left in ${scratch}`);
  else rmSync(scratch, { recursive: true, force: true });
}
