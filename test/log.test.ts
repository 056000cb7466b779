import { readableLine } from '../src/log';

describe('a line of the log for people', () => {
  const at = Date.UTC(2026, 5, 1, 3, 4, 5);

  it('has time, level, part, what happened and the facts', () => {
    const line = JSON.stringify({
      level: 40,
      time: at,
      name: 'kindred',
      part: 'streams',
      topic: 'kindred.labels',
      partitions: [1, 2],
      msg: 'a batch was refused',
    });
    expect(readableLine(line)).toBe(
      '03:04:05 warn  streams: a batch was refused  topic=kindred.labels partitions=[1,2]\n',
    );
  });

  it('shows where an error comes from, below', () => {
    const err = { type: 'Error', message: 'gone', stack: 'Error: gone\n    at here' };
    expect(readableLine(JSON.stringify({ level: 50, time: at, err, msg: 'it failed' }))).toBe(
      '03:04:05 error it failed\n    Error: gone\n        at here\n',
    );
  });

  it('does not command the terminal', () => {
    const line = JSON.stringify({ level: 30, time: at, topic: 'a\u001b[2J\nb', msg: 'x\u0007' });
    expect(readableLine(line)).toBe('03:04:05 info  x\\u0007  topic=a\\u001b[2J\\u000ab\n');
  });
});
