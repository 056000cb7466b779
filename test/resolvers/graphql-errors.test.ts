/** What a client is told of a model that cannot answer: a stable code and what to do, and nothing of the server's inside. */
import { KindredError } from '../../src/errors';
import { toClientError } from '../../src/resolvers/graphql-errors';
import { problemOf } from '../../src/training/encoder-thread';

describe('a client whose model', () => {
  const cause = Object.assign(new Error('heap of /srv/kindred'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  const told = (error: unknown) => {
    const reported: unknown[] = [];
    return { ...toClientError(error, (each) => reported.push(each)), reported };
  };

  it('is too large for memory is told so, and not to try the same again', () => {
    const error = problemOf('huge-1', { suspects: ['huge-1'], outOfMemory: true, cause });
    const { reported, ...client } = told(error);
    expect(client).toMatchObject({ code: 'MODEL_TOO_LARGE', message: expect.stringContaining('huge-1') });
    expect(client.remedy).toContain('memory');
    expect(client.retriable).toBeUndefined();
    expect(reported).toEqual([error]);
  });

  it.each([
    ['was not the one to blame', { suspects: ['huge-1'], outOfMemory: true, cause }],
    ['may have been', { suspects: ['huge-1', 'small-1'], outOfMemory: true, cause }],
    ['was asked when nobody knows why it ended', { suspects: ['small-1'], outOfMemory: false }],
  ])('%s is told to try again, and nothing of why', (_, end) => {
    const error = problemOf('small-1', end);
    const { reported, ...client } = told(error);
    expect(client).toMatchObject({ code: 'ENCODER_FAILED', retriable: true, remedy: 'Try again.' });
    expect(client.message).not.toContain('/srv');
    expect(reported).toEqual([error]);
  });

  it('fails by a fault of the server is told no more than that', () => {
    const { code, message } = told(new KindredError('MODEL_CORRUPT', 'bytes at /srv/kindred'));
    expect(code).toBe('INTERNAL_SERVER_ERROR');
    expect(message).not.toContain('/srv');
  });
});
