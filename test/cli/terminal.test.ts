import { PassThrough } from 'node:stream';
import { openTerminal } from '../../src/cli/terminal';

/** A stream that remembers what it was told, a terminal or not. */
function recorder(isTTY: boolean) {
  const pieces: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (piece: Buffer) => pieces.push(piece.toString()));
  const dressed = Object.assign(stream, {
    isTTY,
    columns: 120,
    cursorTo: (x: number) => stream.write(`\u001b[${x + 1}G`),
    clearLine: () => stream.write('\u001b[2K'),
    moveCursor: () => true,
  });
  return { stream: dressed as unknown as NodeJS.WriteStream, text: () => pieces.join('') };
}

describe('the terminal', () => {
  it('shows plain lines and no control characters off a terminal', async () => {
    const err = recorder(false);
    const terminal = openTerminal({ stderr: err.stream, env: {}, lineIntervalMillis: 0 });
    const progress = terminal.progress('walk the graph');
    progress.report({ phase: 'epoch 1 of 2', done: 50, total: 200 });
    progress.finish('200 walks');
    terminal.say(terminal.bold(terminal.red('done')));
    const lines = err.text().trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^walk the graph: 25 % \(epoch 1 of 2\), \d+\.\d s$/);
    expect(lines[2]).toMatch(/^walk the graph: 200 walks, \d+\.\d s$/);
    expect(err.text()).not.toContain('\u001b');
  });

  it('says little off a terminal, however often progress is reported', () => {
    const err = recorder(false);
    const progress = openTerminal({ stderr: err.stream, env: {} }).progress('train');
    for (let done = 0; done < 1_000; done += 1) progress.report({ done, total: 1_000 });
    progress.finish();
    progress.finish();
    progress.report({ done: 1, total: 1 });
    expect(err.text().trimEnd().split('\n')).toHaveLength(2);
  });

  it('draws a bar on a terminal and leaves one line behind', async () => {
    const err = recorder(true);
    const terminal = openTerminal({ stderr: err.stream, env: { TERM: 'xterm' } });
    expect(terminal.animated).toBe(true);
    const progress = terminal.progress('walk the graph');
    progress.report({ phase: 'epoch 1 of 2', done: 1, total: 2 });
    progress.finish('2 walks');
    expect(err.text()).toContain('█');
    expect(err.text()).toMatch(/walk the graph +2 walks, \d+\.\d s\n$/);
    expect(terminal.red('x')).toBe('\u001b[31mx\u001b[0m');
  });

  it('colours nothing where NO_COLOR is set, and draws nothing on a dumb terminal', () => {
    const err = recorder(true);
    expect(openTerminal({ stderr: err.stream, env: { NO_COLOR: '1' } }).red('x')).toBe('x');
    expect(openTerminal({ stderr: err.stream, env: { TERM: 'dumb' } }).animated).toBe(false);
  });

  it('waits for a slow reader of its data', async () => {
    const out = new PassThrough({ highWaterMark: 8 });
    const terminal = openTerminal({ stdout: out as unknown as NodeJS.WriteStream, env: {} });
    let written = false;
    const writing = terminal.data('more than eight bytes').then(() => {
      written = true;
    });
    await new Promise(setImmediate);
    expect(written).toBe(false);
    out.resume();
    await writing;
    expect(written).toBe(true);
  });
});
