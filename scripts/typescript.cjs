/**
 * Lets Node load our TypeScript, compiled by the options of .swcrc: node --require ./scripts/typescript.cjs <file>.ts
 * What was compiled once is kept in node_modules/.cache: tests start threads and processes by the hundred, and to load a
 * compiler takes longer than most of them work.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { threadId } = require('node:worker_threads');

const root = dirname(__dirname);
const kept = join(root, 'node_modules', '.cache', 'kindred-typescript');
/** What else decides what a file is compiled to. */
const compiler = readFileSync(join(root, '.swcrc')) + readFileSync(require.resolve('@swc/core/package.json'));

function compiled(filename) {
  const source = readFileSync(filename, 'utf8');
  const digest = createHash('sha1').update(compiler).update(filename).update('\0').update(source).digest('hex');
  const file = join(kept, `${digest}.js`);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const { code } = require('@swc/core').transformSync(source, { filename, cwd: root, sourceMaps: 'inline' });
  try {
    mkdirSync(kept, { recursive: true });
    // Moved there whole: others compile and read the same file at the same time.
    const draft = `${file}.${process.pid}.${threadId}`;
    writeFileSync(draft, code);
    renameSync(draft, file);
  } catch (error) {
    // Packages that belong to somebody else: it is compiled each time.
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error;
  }
  return code;
}

require.extensions['.ts'] = (module, filename) => module._compile(compiled(filename), filename);
