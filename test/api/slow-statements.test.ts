import { connect } from '../../src/server/database/index.js';
import { startTestServer } from '../helpers/server.js';

test('a statement that outlasts its limit is stopped and refused in one sentence, over HTTP and WebSocket alike', async () => {
  const api = await startTestServer({ statementTimeout: 300 });
  const other = await connect(api.databaseUrl);
  const holder = other.createQueryRunner();
  await holder.startTransaction();
  try {
    // Whoever reads the table now waits: as slow as a statement can be.
    await holder.query('LOCK TABLE knee_exam IN ACCESS EXCLUSIVE MODE');
    const refusal = {
      message:
        'The database worked on this for 30 s, the limit, and was stopped; narrow the filter or ask for less at a time.',
      code: 'LIMIT_EXCEEDED',
    };

    const { status, errors } = await api.ask('{ kneeExams { nodes { kl } } }');
    const answer = await api.socketClient().iterate({ query: '{ kneeExams { nodes { kl } } }' }).next();

    expect(status).toBe(200);
    for (const [error] of [errors, answer.value!.errors]) {
      expect({ message: error!.message, code: error!.extensions!['code'] }).toEqual(refusal);
    }
    expect(api.log.filter(({ errorId }) => errorId)).toEqual([]);
  } finally {
    await holder.rollbackTransaction();
    await holder.release();
    await other.destroy();
    await api.close();
  }
});
