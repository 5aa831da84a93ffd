import { audit } from '../../src/services/access/index.js';
import { startTestServer } from '../helpers/server.js';

test('a running server seals what comes, and its log says where the chain ends', async () => {
  const api = await startTestServer();
  try {
    await audit(api.dataSource, { tokenId: null, action: 'by itself' });

    const { auditSeq, auditDigest } = await api.logged({ msg: 'the audit is sealed up to here' });

    expect(auditDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(await api.dataSource.query(`SELECT seq, digest FROM audit_entry WHERE action = 'by itself'`)).toEqual([
      { seq: auditSeq, digest: auditDigest },
    ]);
  } finally {
    await api.close();
  }
});
