import { exitCodeOf, tellFailure } from '../../src/cli/failures';
import { openTerminal } from '../../src/cli/terminal';
import { KindredError, OptionError } from '../../src/errors';

function told(error: unknown, style: { json?: boolean; debug?: boolean } = {}): string {
  const lines: string[] = [];
  tellFailure(
    error,
    { ...openTerminal({ env: {} }), say: (line) => lines.push(line) },
    { json: false, debug: false, ...style },
  );
  return lines.join('\n');
}

describe('a failure at the terminal', () => {
  const wrong = new OptionError('dimension', 'dimension must be at least 1.', { remedy: 'Use 64.' });

  it('says what happened, where, and what to do, without a stack', () => {
    expect(told(wrong)).toBe(
      'error: dimension must be at least 1. [OPTION_INVALID]\n  field: dimension\n  remedy: Use 64.',
    );
  });

  it('shows stacks and causes only where debugging was asked for', () => {
    const failed = new KindredError('TRAINING_FAILED', 'It broke.', { cause: new Error('out of paper') });
    expect(told(failed)).not.toContain('out of paper');
    expect(told(failed, { debug: true })).toMatch(/caused by Error: out of paper\n +at /);
  });

  it('is one JSON object for machines', () => {
    expect(JSON.parse(told(wrong, { json: true }))).toEqual({
      error: {
        code: 'OPTION_INVALID',
        message: 'dimension must be at least 1.',
        field: 'dimension',
        remedy: 'Use 64.',
      },
    });
  });

  it('ends with 2 where the call was wrong and 1 where the work failed', () => {
    expect(exitCodeOf(wrong)).toBe(2);
    expect(exitCodeOf(new KindredError('PROMOTION_REFUSED', 'It lost.'))).toBe(1);
    expect(exitCodeOf(new Error('surprise'))).toBe(1);
  });

  it('that nobody foresaw still says how to learn more', () => {
    expect(told(new Error('surprise'))).toContain('KINDRED_LOG_LEVEL=debug');
  });
});
