/**
 * A throw-away Postgres with pgvector for tests and benchmarks, on Debian, without Docker.
 *   node scripts/postgres.mjs install          packages, and pgvector built from Debian's source (needs root)
 *   eval "$(node scripts/postgres.mjs start)"  starts it on a free port and sets KINDRED_TEST_DATABASE_URL
 *   node scripts/postgres.mjs pause            stops it and keeps its data: start goes on from there, on the same port
 *   node scripts/postgres.mjs stop             stops it and removes its data
 * With --home <folder> another one, beside the one that everybody shares.
 * Debian 12 has Postgres 15 but no pgvector, so `install` takes pgvector's source package from Debian's newer suites and
 * builds it against the installed server.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const homeAt = process.argv.indexOf('--home');
const home = homeAt > 0 ? resolve(process.argv[homeAt + 1]) : join(tmpdir(), 'kindred-test-postgres');
const log = (line) => console.error(`postgres: ${line}`);

function serverBin() {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base)
    ? readdirSync(base)
        .map(Number)
        .filter((version) => version >= 15)
    : [];
  const newest = versions
    .sort((a, b) => b - a)
    .find((version) => existsSync(join(base, `${version}`, 'bin', 'initdb')));
  return newest === undefined ? undefined : { version: newest, bin: join(base, `${newest}`, 'bin') };
}

const hasPgvector = (version) => existsSync(`/usr/share/postgresql/${version}/extension/vector.control`);

function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
    ...options,
  });
  if (done.status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed: ${done.stderr || done.stdout || done.error}`);
  }
  return done.stdout;
}

function install() {
  const apt = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  let server = serverBin();
  if (server && hasPgvector(server.version)) return log(`Postgres ${server.version} with pgvector is there already`);
  log('installing packages');
  run('apt-get', ['update', '-q'], apt);
  run(
    'apt-get',
    [
      'install',
      '-y',
      '-q',
      '--no-install-recommends',
      'postgresql-15',
      'postgresql-server-dev-15',
      'build-essential',
      'dpkg-dev',
    ],
    apt,
  );
  server = serverBin();
  buildPgvector(server.version);
  log(`Postgres ${server.version} with pgvector is installed`);
}

/** Fetches the source package from the Debian mirror that this machine already uses, under an apt state of its own. */
function buildPgvector(version) {
  const site = run('apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE) $(ORIGIN)', 'Created-By: Packages'])
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , origin]) => origin === 'Debian')?.[0];
  if (!site) throw new Error('no Debian mirror is configured in apt');
  const folder = mkdtempSync(join(tmpdir(), 'pgvector-'));
  try {
    for (const part of ['lists/partial', 'archives/partial']) mkdirSync(join(folder, part), { recursive: true });
    const sources = join(folder, 'sources.list');
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
    // sid first: pgvector 0.8.2 to 0.8.4 mended HNSW bugs that the older suite still has.
    for (const suite of ['sid', 'trixie']) {
      writeFileSync(sources, `deb-src [signed-by=${keyring}] ${site} ${suite} main\n`);
      const options = [
        '-o',
        `Dir::Etc::sourcelist=${sources}`,
        '-o',
        'Dir::Etc::sourceparts=/dev/null',
        '-o',
        `Dir::State::lists=${join(folder, 'lists')}`,
        '-o',
        'APT::Sandbox::User=root',
      ];
      try {
        run('apt-get', [...options, 'update', '-q']);
        run('apt-get', [...options, 'source', '-q', 'pgvector'], { cwd: folder });
        break;
      } catch (error) {
        log(`pgvector's source is not to be had from ${suite}: ${error.message.split('\n')[0]}`);
      }
    }
    const source = readdirSync(folder).find((name) => /^pgvector-[\d.]+$/.test(name));
    if (!source) throw new Error("pgvector's source package could not be fetched");
    log(`building ${source}`);
    const pgConfig = `PG_CONFIG=/usr/lib/postgresql/${version}/bin/pg_config`;
    // OPTFLAGS="": the default -march=native would tie the build to this processor.
    run('make', ['-j2', 'OPTFLAGS=', pgConfig], { cwd: join(folder, source) });
    run('make', ['install', 'OPTFLAGS=', pgConfig], { cwd: join(folder, source) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** initdb and pg_ctl refuse root, so as root they run as the postgres user. */
function asServer(command, args) {
  return process.getuid() === 0 ? run('runuser', ['-u', 'postgres', '--', command, ...args]) : run(command, args);
}

const urlFile = join(home, 'url');

const dataFolder = join(home, 'data');

/** Starts it on the data that `pause` left, else on new data. */
async function launch(server) {
  const paused = existsSync(urlFile) && existsSync(join(dataFolder, 'PG_VERSION'));
  const port = paused ? Number(new URL(readFileSync(urlFile, 'utf8')).port) : await freePort();
  if (!paused) makeData(server);
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${home} -c shared_buffers=512MB -c maintenance_work_mem=512MB -c max_wal_size=4GB -c max_connections=100`;
  const file = join(home, 'log');
  asServer(join(server.bin, 'pg_ctl'), ['-D', dataFolder, '-w', '-t', '60', '-l', file, '-o', settings, 'start']);
  writeFileSync(urlFile, `postgresql://kindred@127.0.0.1:${port}/postgres`);
  log(`Postgres ${server.version} listens on port ${port}`);
}

function makeData(server) {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  if (process.getuid() === 0) {
    const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chownSync(home, id('-u'), id('-g'));
  }
  const options = ['-U', 'kindred', '--auth=trust', '-E', 'UTF8', '--locale=C.UTF-8'];
  asServer(join(server.bin, 'initdb'), ['-D', dataFolder, ...options]);
}

async function start() {
  const server = serverBin();
  if (!server || !hasPgvector(server.version)) {
    throw new Error('Postgres 15 or newer with pgvector is not installed; run: node scripts/postgres.mjs install');
  }
  const running =
    existsSync(urlFile) &&
    spawnSync(join(server.bin, 'pg_isready'), ['-q', '-d', readFileSync(urlFile, 'utf8')]).status === 0;
  if (!running) await launch(server);
  console.log(`export KINDRED_TEST_DATABASE_URL=${readFileSync(urlFile, 'utf8')}`);
}

/** @returns whether it ran */
function pause() {
  const server = serverBin();
  if (!server || !existsSync(join(dataFolder, 'postmaster.pid'))) {
    log('not running');
    return false;
  }
  asServer(join(server.bin, 'pg_ctl'), ['-D', dataFolder, '-w', '-m', 'fast', 'stop']);
  log('stopped');
  return true;
}

function stop() {
  if (pause() || homeAt > 0) rmSync(home, { recursive: true, force: true });
}

const verbs = { install, start, pause, stop };
const verb = verbs[process.argv[2]];
if (!verb) {
  console.error('usage: node scripts/postgres.mjs install|start|pause|stop [--home folder]');
  process.exit(2);
}
try {
  await verb();
} catch (error) {
  log(error.message);
  process.exit(1);
}
